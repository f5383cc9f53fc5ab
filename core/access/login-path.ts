// The path under which anybody can try passwords. API Gateway admits only a few such requests a second
// (infra/stacks/api.ts), and the path is answered under no other of its routes.

export const loginPath = '/system/newAuthToken';
