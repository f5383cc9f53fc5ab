// What asl-validator exports, which it does not declare: only what the test uses.
declare module 'asl-validator' {
  export type ValidationError = { readonly 'Error code': string; readonly Message: string };
  const validate: (
    definition: unknown,
    options?: object,
  ) => { isValid: boolean; errors: readonly ValidationError[]; errorsText: (separator?: string) => string };
  export default validate;
}
