// The one path under which passwords can be tried by anybody: API Gateway lets only a few such requests a second pass
// (infra/stacks/api.ts), and it is answered under no other route of it.

export const loginPath = '/system/newAuthToken';
