// A certified OpenID provider for tests: `node provider.mjs PORT`. It signs in whoever the header
// X-Person names, without a password, so it is for one machine and a few seconds only. Its keys are
// made anew by every start. It says "ready" when it listens, and ends with its standard input.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const groups = { lea: ['staff', 'legal-team'], ada: ['staff', 'auditors'], eve: ['staff'] };

const key = (type, options, alg) => {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg.toLowerCase() };
};
const client = (client_id, id_token_signed_response_alg) => ({
  client_id,
  id_token_signed_response_alg,
  grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: 'none',
});

const provider = new Provider(issuer, {
  claims: { openid: ['sub', 'groups'], profile: ['preferred_username'], email: ['email'] },
  clients: [client('causeway', 'RS256'), client('another-program', 'RS256')],
  conformIdTokenClaims: false,
  cookies: { keys: ['for tests only'] },
  extraTokenClaims: (_, token) => ({ groups: groups[token.accountId] ?? [] }),
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: (_, audience) => ({
        accessTokenFormat: 'jwt',
        audience,
        jwt: { sign: { alg: 'ES256' } },
        scope: 'causeway:offers:read causeway:offers:write',
      }),
      useGrantedResource: () => true,
    },
  },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, groups: groups[sub] ?? [], preferred_username: sub }),
  }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  jwks: {
    keys: [
      key('rsa', { modulusLength: 2048 }, 'RS256'),
      key('ec', { namedCurve: 'P-256' }, 'ES256'),
    ],
  },
  async loadExistingGrant({ oidc }) {
    const grant = new provider.Grant({
      accountId: oidc.session.accountId,
      clientId: oidc.client.clientId,
    });
    grant.addOIDCScope('openid profile email');
    for (const resource of [oidc.params.resource ?? []].flat()) {
      grant.addResourceScope(resource, 'causeway:offers:read causeway:offers:write');
    }
    await grant.save();
    return grant;
  },
});

const callback = provider.callback();
const server = createServer(async (request, response) => {
  if (request.url.startsWith('/interaction/')) {
    const result = { login: { accountId: request.headers['x-person'] }, consent: {} };
    await provider.interactionFinished(request, response, result);
  } else {
    callback(request, response);
  }
});
server.listen(port, '127.0.0.1', () => console.log('ready'));
process.stdin.resume().on('end', () => process.exit(0));
