// The exports of asl-validator, which it does not declare. Only those that the test uses are here.

declare module 'asl-validator' {
  export type ValidationError = { readonly 'Error code': string; readonly Message: string };
  const validate: (
    definition: unknown,
    options?: object,
  ) => { isValid: boolean; errors: readonly ValidationError[]; errorsText: (separator?: string) => string };
  export default validate;
}
