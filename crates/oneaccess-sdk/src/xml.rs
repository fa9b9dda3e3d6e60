//! XML as a tree: small, without entities of its own, and never larger than what came.

use std::borrow::Cow;

use auth_core::{Error, Result};
use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

/// A document as a tree. Declarations of types are refused, so that there are no entities but the
/// five that XML has; so is what is longer, nested deeper or has more attributes than anything CAS
/// or SAML knows, and a character that XML does not allow.
#[derive(Debug)]
pub(crate) struct Tree {
    elements: Vec<Element>,
}

#[derive(Debug)]
struct Element {
    name: String,
    namespace: Option<String>,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<usize>,
}

/// An element of a tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    tree: &'a Tree,
    element: &'a Element,
}

impl Tree {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        // What it costs to look namespaces up grows with the square of the length.
        if text.len() > LONGEST || !text.chars().all(is_allowed) {
            return Err(malformed());
        }
        let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}').trim());
        reader.config_mut().expand_empty_elements = true;
        let mut elements: Vec<Element> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        loop {
            let (namespace, event) = reader.read_resolved_event().map_err(|_| malformed())?;
            match event {
                Event::Start(start) => {
                    let is_second_root = open.is_empty() && !elements.is_empty();
                    if is_second_root || open.len() >= DEEPEST {
                        return Err(malformed());
                    }
                    let element = element(&namespace, &start)?;
                    let index = elements.len();
                    if let Some(parent) = open.last() {
                        elements[*parent].children.push(index);
                    }
                    elements.push(element);
                    open.push(index);
                }
                Event::End(_) => {
                    open.pop();
                }
                Event::Text(text) => append(&mut elements, &open, &text)?,
                Event::CData(text) => append(&mut elements, &open, &text)?,
                Event::GeneralRef(name) => {
                    let text = reference(&name).ok_or_else(malformed)?;
                    append(&mut elements, &open, &text)?;
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => break,
                _ => return Err(malformed()),
            }
        }
        if elements.is_empty() || !open.is_empty() {
            return Err(malformed());
        }
        Ok(Self { elements })
    }

    /// The outermost element.
    pub(crate) fn root(&self) -> Node<'_> {
        self.node(0)
    }

    fn node(&self, index: usize) -> Node<'_> {
        Node {
            tree: self,
            element: &self.elements[index],
        }
    }
}

impl<'a> Node<'a> {
    /// The name without its prefix.
    pub(crate) fn name(&self) -> &'a str {
        &self.element.name
    }

    pub(crate) fn namespace(&self) -> Option<&'a str> {
        self.element.namespace.as_deref()
    }

    /// An attribute by its name, which has no prefix.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut attributes = self.element.attributes.iter();
        let (_, value) = attributes.find(|(key, _)| key == name)?;
        Some(value)
    }

    /// The text inside, in one piece whatever comments stand in it; an error if there are elements
    /// in it, which readers would leave out or not.
    pub(crate) fn text(&self) -> Result<&'a str> {
        match self.element.children.is_empty() {
            true => Ok(&self.element.text),
            false => Err(malformed()),
        }
    }

    pub(crate) fn children(&self) -> impl Iterator<Item = Self> + use<'a> {
        let tree = self.tree;
        self.element
            .children
            .iter()
            .map(move |&index| tree.node(index))
    }

    /// The children of this name.
    pub(crate) fn named<'n>(
        &self,
        name: &'n str,
        namespace: &'n str,
    ) -> impl Iterator<Item = Self> + use<'a, 'n> {
        let is = move |it: &Self| it.name() == name && it.namespace() == Some(namespace);
        self.children().filter(is)
    }

    /// The child of this name; an error if there are several.
    pub(crate) fn only_child(&self, name: &str, namespace: &str) -> Result<Option<Self>> {
        let mut found = self.named(name, namespace);
        match (found.next(), found.next()) {
            (first, None) => Ok(first),
            _ => Err(malformed()),
        }
    }
}

fn element(namespace: &ResolveResult<'_>, start: &BytesStart<'_>) -> Result<Element> {
    let namespace = match namespace {
        ResolveResult::Bound(namespace) => Some(namespace.as_ref().to_owned()),
        ResolveResult::Unbound => None,
        ResolveResult::Unknown(_) => return Err(malformed()),
    };
    if !is_name(start.name().as_ref()) {
        return Err(malformed());
    }
    let mut attributes = Vec::new();
    for (count, attribute) in start.attributes().enumerate() {
        let attribute = attribute.map_err(|_| malformed())?;
        let is_sound = is_name(attribute.key.as_ref()) && !attribute.value.contains('<');
        if count >= MOST_ATTRIBUTES || !is_sound {
            return Err(malformed());
        }
        // With a prefix it is another attribute, or declares a namespace.
        if attribute.key.prefix().is_some() {
            continue;
        }
        let key = attribute.key.local_name().as_ref().to_owned();
        let value = unescape(&attribute.value).ok_or_else(malformed)?;
        attributes.push((key, value.into_owned()));
    }
    Ok(Element {
        name: start.local_name().as_ref().to_owned(),
        namespace,
        attributes,
        text: String::new(),
        children: Vec::new(),
    })
}

/// Text outside of the root is white space, or the document is none.
fn append(elements: &mut [Element], open: &[usize], text: &str) -> Result<()> {
    match open.last() {
        Some(index) => elements[*index].text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(malformed()),
    }
    Ok(())
}

/// A text with its references replaced.
fn unescape(text: &str) -> Option<Cow<'_, str>> {
    let Some((before, mut rest)) = text.split_once('&') else {
        return Some(Cow::Borrowed(text));
    };
    let mut plain = before.to_owned();
    loop {
        let (name, after) = rest.split_once(';')?;
        plain.push_str(&reference(name)?);
        match after.split_once('&') {
            Some((before, next)) => {
                plain.push_str(before);
                rest = next;
            }
            None => {
                plain.push_str(after);
                return Some(Cow::Owned(plain));
            }
        }
    }
}

/// What a reference stands for: one of the five that XML has, or a character by number.
fn reference(name: &str) -> Option<String> {
    let known = match name {
        "amp" => "&",
        "apos" => "'",
        "gt" => ">",
        "lt" => "<",
        "quot" => "\"",
        _ => {
            let digits = name.strip_prefix('#')?;
            let (digits, radix) = match digits.strip_prefix('x') {
                Some(hex) => (hex, 16),
                None => (digits, 10),
            };
            // A sign is none of the digits, whatever the standard library says.
            let number = u32::from_str_radix(digits, radix)
                .ok()
                .filter(|_| !digits.starts_with('+'))?;
            let letter = char::from_u32(number).filter(|letter| is_allowed(*letter))?;
            return Some(letter.to_string());
        }
    };
    Some(known.to_owned())
}

/// Whether a name holds nothing that ends one, which the reader below does not look at.
fn is_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_alphanumeric() || "_-.:\u{b7}".contains(letter);
    !name.is_empty() && name.chars().all(fits)
}

/// Whether XML 1.0 allows a character.
fn is_allowed(letter: char) -> bool {
    match letter {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        _ => letter >= ' ',
    }
}

fn malformed() -> Error {
    Error::decode("the answer is no XML that can be read in one way")
}

/// Deeper than anything that CAS or SAML knows.
const DEEPEST: usize = 32;

/// Longer than anything that CAS or SAML says of one person or provider, in bytes.
const LONGEST: usize = 256 * 1024;

/// More than any element of CAS or SAML has.
const MOST_ATTRIBUTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_attributes_and_text_are_read() {
        let tree = Tree::parse(
            "<?xml version=\"1.0\"?>\n<a:r xmlns:a='u:a' x='1&amp;&#65;'>t<b/>&lt;<!-- c -->u</a:r>",
        )
        .unwrap();
        let root = tree.root();
        assert_eq!((root.name(), root.namespace()), ("r", Some("u:a")));
        assert_eq!(root.attribute("x"), Some("1&A"));
        assert_eq!(root.children().count(), 1);
        // Its text is in two pieces, between which some readers would see the element.
        assert!(root.text().is_err());
        let whole = Tree::parse("<a> t&lt;<!-- c --><?p i?><![CDATA[&]]>u\u{a0} </a>").unwrap();
        assert_eq!(whole.root().text().unwrap(), " t<&u\u{a0} ");
    }

    #[test]
    fn an_attribute_with_a_prefix_is_another_one() {
        let tree = Tree::parse("<a xmlns:p='u:p' p:code='evil' code='good' p='x'/>").unwrap();
        assert_eq!(tree.root().attribute("code"), Some("good"));
        let alone = Tree::parse("<a xmlns:code='u:p' code:id='evil'/>").unwrap();
        assert_eq!(alone.root().attribute("code"), None);
        assert_eq!(alone.root().attribute("id"), None);
    }

    #[test]
    fn many_namespaces_cost_no_time_worth_an_attack() {
        let declared: String = (0..9000).map(|n| format!(" xmlns:a{n}='b'")).collect();
        let used = "<a0:b/>".repeat(9000);
        let text = format!("<a0:b{declared}>{used}</a0:b>");
        assert!(text.len() < LONGEST);
        // More attributes than anybody has: refused before any of the inner elements is looked at.
        assert!(Tree::parse(&text).is_err());
    }

    #[test]
    fn what_is_no_plain_document_is_refused() {
        let deep = "<a>".repeat(40) + &"</a>".repeat(40);
        let wide = (0..100).map(|number| format!(" a{number}=''"));
        let wide = format!("<a{}/>", wide.collect::<String>());
        let long = format!("<a>{}</a>", " ".repeat(300 * 1024));
        let outside = "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>";
        let bomb = "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>";
        for text in [
            "",
            " ",
            "text",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "<a>&b;</a>",
            "<a x='&b;'/>",
            "<p:a/>",
            "<a<!-- -->b/>",
            "<a<b/>",
            "<a'b'/>",
            "<a x='<'/>",
            "<a x<y='1'/>",
            "<a x='1' x='2'/>",
            "<a>&#0;</a>",
            "<a>&#1;</a>",
            "<a>&#+65;</a>",
            "<a>&#x110000;</a>",
            "<a>\u{1}</a>",
            &deep,
            &wide,
            &long,
            bomb,
            outside,
        ] {
            assert!(Tree::parse(text).is_err(), "{text}");
        }
    }
}
