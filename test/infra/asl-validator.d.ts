// The types of asl-validator, which brings none.
declare module 'asl-validator' {
  function validate(definition: unknown): { isValid: boolean; errorsText(separator?: string): string };
  export = validate;
}
