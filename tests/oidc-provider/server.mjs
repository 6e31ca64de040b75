// `oidc-provider`, an authorization server that nobody here wrote, with the clients of clients.json.
//
//   node server.mjs FOLDER     FOLDER/node_modules has the package; tests/oidc-provider/install puts it there
//
// It listens on a free port of 127.0.0.1, prints its issuer, and ends when its stdin does. People consent on the pages
// that come with it. What is configured is what its administrator decides: clients, scopes, lifetimes, rotation.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

// It prints notices; stdout is for the issuer.
console.info = console.error;

const installed = createRequire(resolve(process.argv[2], 'server.mjs'));
const { default: Provider, errors } = await import(pathToFileURL(installed.resolve('oidc-provider')));

const clients = JSON.parse(readFileSync(new URL('clients.json', import.meta.url))).map((client) => ({
  // RFC 8252 §7.3: a native app's loopback redirect URI is good with any port.
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1/callback'],
  response_types: ['code'],
  ...client,
}));

// What a late client is given has ended when it arrives.
const lifetime = (seconds) => (ctx, model, client) => (client.clientId.startsWith('late') ? 0 : seconds);

// A key of each type, made anew at each start.
const made = (...args) => generateKeyPairSync(...args).privateKey.export({ format: 'jwk' });
const keys = [
  made('rsa', { modulusLength: 2048 }),
  made('ec', { namedCurve: 'P-256' }),
  made('ed25519'),
].map((key, n) => ({ ...key, kid: `key-${n}`, use: 'sig' }));

const server = createServer();
await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients,
  jwks: { keys },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
  cookies: { keys: ['made-up'] },
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    dPoP: { enabled: true },
    introspection: { enabled: true },
    // Anybody may register a client, and delete it again; each change rotates the token for it (RFC 7591, RFC 7592).
    registration: { enabled: true },
    registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
    // Tokens are for the resource that is asked for (RFC 8707); one of them does not exist.
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, resource) => {
        if (resource.includes('unknown')) throw new errors.InvalidTarget();
        // What the token is for can be read in a JWT (RFC 9068).
        const accessTokenFormat = resource.includes('jwt') ? 'jwt' : 'opaque';
        return { scope: 'read write', audience: resource, accessTokenFormat };
      },
      useGrantedResource: () => true,
    },
    jwtResponseModes: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    requestObjects: { request: true },
    revocation: { enabled: true },
  },
  rotateRefreshToken: true,
  scopes: ['openid', 'offline_access', 'read', 'write'],
  ttl: {
    AccessToken: 3600,
    AuthorizationCode: lifetime(60),
    ClientCredentials: 600,
    DeviceCode: lifetime(600),
  },
});

// It takes a secret from the header and from the body, wherever the client was registered to send it. Here a client keeps
// to its registration (RFC 7591 §2), so that a request which is accepted shows how the client authenticated.
provider.use(async (ctx, next) => {
  await next();
  const method = ctx.oidc?.client?.clientAuthMethod;
  const authenticates = ['token', 'introspection', 'revocation', 'device_authorization'].includes(ctx.oidc?.route);
  if (authenticates && method && (method === 'client_secret_basic') !== ('authorization' in ctx.headers)) {
    ctx.status = 401;
    ctx.body = { error: 'invalid_client', error_description: `this client is registered for ${method}` };
  }
});
provider.on('server_error', (ctx, error) => console.error(error));

server.on('request', provider.callback());
process.stdin.on('end', () => process.exit()).resume();
console.log(issuer);
