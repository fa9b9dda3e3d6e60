// An OpenID provider that this workspace did not write: `oidc-provider` from npm, with its own
// login and consent pages. Prints its issuer and serves until its input ends.

import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

// The output is for the issuer alone.
console.info = console.error;
console.warn = console.error;

const modules = createRequire(`${process.env.PEERS_NODE}/`);
const { default: Provider } = await import(pathToFileURL(modules.resolve('oidc-provider')));

const server = createServer();
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'app',
      client_secret: 'a-secret/with+signs=',
      redirect_uris: ['http://127.0.0.1:9/back'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
  ],
  claims: { profile: ['name'], email: ['email'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, name: 'Alice', email: 'alice@example.com' }),
  }),
});
server.on('request', provider.callback());

console.log(issuer);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
