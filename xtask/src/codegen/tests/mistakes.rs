//! Seeded mistakes in a document: each stops the run with file, line, path and reason.

use super::{DOCUMENT, generate, settings};

/// Replaces the first `from` in the document by `to` and expects an error that begins with the
/// place and holds the reason.
#[track_caller]
fn check(from: &str, to: &str, place: &str, reason: &str) {
    assert!(DOCUMENT.contains(from), "the document has no {from:?}");
    let text = DOCUMENT.replacen(from, to, 1);
    let error = match generate("sink", "sink.yaml", &text, &settings()) {
        Ok(_) => panic!("{from:?} to {to:?} goes unnoticed"),
        Err(error) => format!("{error:#}"),
    };
    let (file, rest) = error.split_once(':').unwrap_or_default();
    let (line, rest) = rest.split_once(':').unwrap_or_default();
    assert_eq!(file, "sink.yaml", "{error}");
    assert!(
        line.parse::<usize>().is_ok_and(|line| line > 0),
        "no line: {error}"
    );
    assert!(
        rest.trim_start().starts_with(place),
        "not at {place}: {error}"
    );
    assert!(rest.contains(reason), "no {reason:?}: {error}");
}

#[test]
fn an_error_names_the_line_of_the_mistake() {
    let text = DOCUMENT.replacen("operationId: get_thing\n", "operationID: get_thing\n", 1);
    let line = 1 + text
        .lines()
        .position(|line| line.contains("operationID"))
        .unwrap();
    let error = generate("sink", "sink.yaml", &text, &settings())
        .err()
        .unwrap();
    let place = "paths./things/{thingId}.get";
    assert!(
        error
            .to_string()
            .starts_with(&format!("sink.yaml:{}: {place}: ", line - 1))
            || error
                .to_string()
                .starts_with(&format!("sink.yaml:{line}: {place}")),
        "{error}"
    );
}

#[test]
fn keywords_outside_the_vocabulary_stop_the_run() {
    let unread = "is not in the vocabulary";
    check(
        "openapi: 3.1.0",
        "openapi: 3.1.0\nx-more: 1",
        "x-more",
        unread,
    );
    check(
        "  version: '1'",
        "  version: '1'\n  license: x",
        "info.license",
        unread,
    );
    check(
        "      operationId: get_count",
        "      operationId: get_count\n      x-note: n",
        "paths./things/count.get.x-note",
        unread,
    );
    check(
        "type: string, minLength: 1, maxLength: 8",
        "type: string, minLenght: 1, maxLength: 8",
        "paths./things/{thingId}.get.parameters.0.schema.minLenght",
        unread,
    );
    check(
        "    Fault:\n      type: object",
        "    Fault:\n      title: Fault\n      type: object",
        "components.schemas.Fault.title",
        unread,
    );
    check(
        "{type: http, scheme: basic,",
        "{type: http, scheme: basic, x-extra: 1,",
        "components.securitySchemes.basic.x-extra",
        unread,
    );
    check(
        "{role: api, name: main}",
        "{role: api, name: main, port: 1}",
        "servers.0.x-server.port",
        unread,
    );
    check(
        "mapping: {n: [NumberContent], t: [TextContent]}",
        "mapping: {n: [NumberContent], t: [TextContent]}\n        default: x",
        "components.schemas.Answer.x-select.default",
        unread,
    );
    check(
        "  /keys:\n    get:",
        "  /keys:\n    head: {}\n    get:",
        "paths./keys.head",
        unread,
    );
}

#[test]
fn missing_words_stop_the_run() {
    check(
        "{type: string, description: Name., minLength: 1, maxLength: 5}",
        "{type: string, minLength: 1, maxLength: 5}",
        "components.schemas.Part.properties.name",
        "`description` is missing",
    );
    check(
        "      description: A colour.\n",
        "",
        "components.schemas.Colour",
        "`description` is missing",
    );
    check(
        "        description: Id of the thing.\n",
        "",
        "paths./things/{thingId}.get.parameters.0",
        "`description` is missing",
    );
    check(
        "description: What most calls are about; <b>not</b> bold.",
        "description: ''",
        "tags.0.description",
        "is empty",
    );
    check(
        "      x-evidence: documented\n",
        "",
        "paths./things/{thingId}.get",
        "`x-evidence` is missing",
    );
    check(
        "      x-idempotent: true\n",
        "",
        "paths./things/{thingId}.get",
        "`x-idempotent` is missing",
    );
    check(
        "      summary: Get one thing.\n",
        "      summary: Get one thing\n",
        "paths./things/{thingId}.get.summary",
        "full stop",
    );
}

#[test]
fn names_that_lead_nowhere_stop_the_run() {
    check(
        "schema: {$ref: '#/components/schemas/Rows'}",
        "schema: {$ref: '#/components/schemas/Rowz'}",
        "paths./rows.post.responses.200.content.application/json.schema",
        "there is no schema `Rowz`",
    );
    check(
        "$ref: '#/components/parameters/Language'",
        "$ref: '#/components/parameters/Tongue'",
        "paths./things/{thingId}.get.parameters.8.$ref",
        "there is no parameter `Tongue`",
    );
    check(
        "$ref: '#/components/responses/NotFound'",
        "$ref: '#/components/responses/Found'",
        "paths./things/{thingId}.get.responses.404.$ref",
        "there is no response `Found`",
    );
    check(
        "tags: [things]",
        "tags: [thingz]",
        "paths./things/{thingId}.get",
        "the tag `thingz` is not declared",
    );
    check(
        "- bearer: []",
        "- barer: []",
        "paths./things/{thingId}.get",
        "there is no security scheme `barer`",
    );
    check(
        "x-errors: ['1001',",
        "x-errors: ['1009',",
        "paths./things/{thingId}.get.x-errors.0",
        "`1009` is no row",
    );
    check(
        "answer: '1002@403'",
        "answer: '1002'",
        "paths./things.post.x-rate-limits.0",
        "`1002` is no row",
    );
    check(
        "issued_by: [log_in, exchange_code]",
        "issued_by: [log_on]",
        "x-token-policy.0",
        "no operation or variant `log_on`",
    );
    check(
        "used_by: [bearer]",
        "used_by: [bear]",
        "x-token-policy.0",
        "no security scheme `bear`",
    );
    check(
        "keys_from: get_keys",
        "keys_from: get_locks",
        "components.securitySchemes.callToken",
        "no operation `get_locks`",
    );
    check(
        "request: RenewToken",
        "request: NewToken",
        "paths./token.post.x-variants.1",
        "no schema `NewToken`",
    );
    check(
        "items: data.things",
        "items: data.thingz",
        "paths./things.get.x-pagination",
        "no member `data.thingz`",
    );
    check(
        "index: page,",
        "index: pages,",
        "paths./things.get.x-pagination",
        "`pages` is not there",
    );
    check(
        "excludes: [targets,",
        "excludes: [target,",
        "paths./things.post.x-max-body-bytes",
        "no member `target`",
    );
    check(
        "returns_to: redirect_uri",
        "returns_to: redirect",
        "paths./authorize.get",
        "`redirect`, which is no parameter",
    );
    check(
        "code: error.code",
        "code: error.kode",
        "paths./things/{thingId}.get",
        "no member `error.kode`",
    );
    check(
        "then_any: [colour, owner]",
        "then_any: [color, owner]",
        "paths./things.get.x-required-if.0",
        "no parameter or member `color`",
    );
    check(
        "then: [icon]",
        "then: [ikon]",
        "components.schemas.Part.x-required-if.0",
        "no member `ikon`",
    );
    check(
        "{/kind: 1, /targets",
        "{/kinds: 1, /targets",
        "components.schemas.Part.x-required-if.0",
        "no member `/kinds`",
    );
    check(
        "[[token, topic, condition]]",
        "[[token, topics]]",
        "components.schemas.CreateThing",
        "`topics`, which is no property",
    );
    check(
        "'1': [NumberContent]",
        "'1': [Thing]",
        "components.schemas.Content",
        "`Thing`, which is no member",
    );
    check(
        "dedupe: [thing.id]",
        "dedupe: [thing.ids]",
        "webhooks.added.post",
        "no member `thing.ids`",
    );
    check(
        "client_secret: client_secret}}\n    querySecret",
        "client_secret: clientSecret}}\n    querySecret",
        "paths./form.post",
        "`clientSecret`, which is not there",
    );
    check(
        "code: NSP_STATUS",
        "code: NSP_STATE",
        "paths./rest.php",
        "no answer has the header `NSP_STATE`",
    );
}

#[test]
fn two_things_with_one_name_stop_the_run() {
    check(
        "operationId: list_things",
        "operationId: get_thing",
        "paths./things.get",
        "a second operation is named `get_thing`",
    );
    check(
        "name: exchange_code",
        "name: get_thing",
        "paths./token.post.x-variants.0",
        "a second operation is named `get_thing`",
    );
    check(
        "fixedNumber: {",
        "FixedNumber: {type: string, description: One.}\n        fixedNumber: {",
        "components.schemas.CreateThing.properties.fixedNumber",
        "a second field is named `fixed_number`",
    );
    check(
        "- name: verbose",
        "- name: thing_id",
        "paths./things/{thingId}.get.parameters.1",
        "a second parameter is named `thing_id`",
    );
    check(
        "x-enum-varnames: [Red, DarkBlue, Unnamed]",
        "x-enum-varnames: [Red, Red, Unnamed]",
        "components.schemas.Colour.enum.1",
        "a second variant is named `Red`",
    );
    check(
        "x-aliases: [creationTime, created]",
        "x-aliases: [id]",
        "components.schemas.Thing.properties.createTime",
        "the alias `id` is in use",
    );
    check(
        "- {code: '1002', http_status: 401,",
        "- {code: '1002', http_status: 403,",
        "x-error-codes.3",
        "a second row has the id `1002@403`",
    );
    check(
        "    Colour:\n",
        "    GetThing:\n      type: object\n      description: A.\n      properties: {c: {$ref: '#/components/schemas/Colour', description: C.}}\n    Colour:\n",
        "components.schemas.GetThing",
        "no operation reaches",
    );
    check(
        "  x-server: {role: api, name: own}",
        "  x-server: {role: api, name: main}",
        "servers.1",
        "a name each",
    );
    check(
        "- name: extras\n",
        "- name: things\n",
        "paths./things/{thingId}.get",
        "the tag `things` is declared twice",
    );
}

#[test]
fn a_key_that_stands_twice_stops_the_run() {
    let text = DOCUMENT.replacen("openapi: 3.1.0", "openapi: 3.1.0\nopenapi: 3.1.0", 1);
    let error = generate("sink", "sink.yaml", &text, &settings())
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "sink.yaml:3: the key `openapi` stands here twice"
    );
}

#[test]
fn what_nothing_uses_stops_the_run() {
    check(
        "    Grade:\n",
        "    Lost:\n      type: string\n      description: Lost.\n    Grade:\n",
        "components.schemas.Lost",
        "no operation reaches this schema",
    );
    check(
        "- name: events\n",
        "- name: lost\n  description: Lost.\n- name: events\n",
        "tags.5",
        "no operation has the tag `lost`",
    );
    check(
        "    apiKey: {type: apiKey",
        "    lost: {type: http, scheme: basic, description: Lost.}\n    apiKey: {type: apiKey",
        "components.securitySchemes.lost",
        "no operation uses this security scheme",
    );
    check(
        "  responses:\n    NotFound:\n",
        "  responses:\n    Lost: {description: Lost.}\n    NotFound:\n",
        "components.responses.Lost",
        "no operation uses this response",
    );
    check(
        "  parameters:\n    Language:\n",
        "  parameters:\n    Lost: {name: l, in: query, required: false, description: L., schema: {type: string}}\n    Language:\n",
        "components.parameters.Lost",
        "no operation uses this parameter",
    );
}

#[test]
fn forms_outside_the_vocabulary_stop_the_run() {
    check(
        "{type: integer, format: int32, description: A number as text or number.",
        "{type: integer, description: A number as text or number.",
        "components.schemas.Thing.properties.amount",
        "needs `format`",
    );
    check(
        "{type: string, description: Id., examples: [a, b]}",
        "{type: string, enum: [a, b], description: Id.}",
        "components.schemas.Thing.properties.id.enum",
        "has to be a component",
    );
    check(
        "{type: object, description: Any members., additionalProperties: true}",
        "{type: object, description: Any members., properties: {}}",
        "components.schemas.Thing.properties.members.properties",
        "has to be a component",
    );
    check(
        "{type: object, description: Any members., additionalProperties: true}",
        "{type: object, description: Any members.}",
        "components.schemas.Thing.properties.members",
        "`properties` or `additionalProperties`",
    );
    check(
        "type: [string, 'null']",
        "type: [string, integer]",
        "components.schemas.Thing.properties.null.type",
        "neither a type nor",
    );
    check(
        "enum: [RED, dark blue, x]\n      x-enum-varnames: [Red, DarkBlue, Unnamed]",
        "enum: [RED, '?', x]",
        "components.schemas.Colour.enum.1",
        "is no name for a variant",
    );
    check(
        "{type: string, description: As text.}",
        "{$ref: '#/components/schemas/Part'}",
        "components.schemas.TextOrPart.anyOf.1",
        "a second member of this JSON type",
    );
    check(
        "ratio: {type: number, format: float, description: A ratio.",
        "ratio: {type: number, format: float, description: A ratio., maxLength: 1",
        "components.schemas.Thing.properties.ratio",
        "stands on number",
    );
    check(
        "type: string, const: always",
        "type: string, const: 1",
        "components.schemas.CreateThing.properties.fixed",
        "`const` is of another type",
    );
    check(
        "default: RED",
        "default: GREEN",
        "components.schemas.CreateThing.properties.colour",
        "`default` is no value of the enum",
    );
    check(
        "big: {type: [integer, 'null'],",
        "big: {x-secret: true, type: [integer, 'null'],",
        "components.schemas.Thing.properties.big",
        "`x-secret` stands on texts",
    );
    check(
        "x-route: {path: /rest.php,",
        "x-route: {path: /rest,",
        "paths./rest.php?svc=Thing.get&fmt=JSON.post.x-route",
        "does not split the path",
    );
    check(
        "path: /rest.php, query: {svc: Thing.get, fmt: JSON}",
        "path: /rest.php, query: {svc: Thing.get}",
        "paths./rest.php?svc=Thing.get&fmt=JSON.post.x-route",
        "does not split the path",
    );
    check(
        "  /things/{thingId}:",
        "  /things/{id}:",
        "paths./things/{id}.get",
        "in the path or among the parameters",
    );
    check(
        "'302':\n          description: Back.",
        "'402':\n          description: Back.",
        "paths./authorize.get",
        "no answer for success",
    );
    check(
        "      operationId: on_thing_added",
        "      operationId: thing_added",
        "webhooks.added.post",
        "begins with `on_`",
    );
    check(
        "application/xml:",
        "application/yaml:",
        "paths./form.post.responses.200.content.application/yaml",
        "no media type",
    );
    check(
        "action: backoff",
        "action: wait",
        "x-error-codes.2.action",
        "`wait` is none of",
    );
    check(
        "realm: old, http_status: 200, meaning: Done.",
        "realm: new, http_status: 200, meaning: Done.",
        "x-error-codes.5",
        "no envelope names the realm `new`",
    );
    check(
        "schema: {type: string, minLength: 1, maxLength: 8, pattern: '^[^/]+$'}",
        "schema: {type: array, items: {type: string}}",
        "paths./things/{thingId}.get.parameters.0",
        "a scalar or an enum",
    );
}
