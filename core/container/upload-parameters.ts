// The limits of a file, on AWS (docs/reference/api.md, "Describing a project"). Every upload asks its container for
// them first.

export const fileUploadParameters = {
  minimumPartSize: 5_242_880,
  maximumPartSize: 5_368_709_120,
  emptyLastPartAllowed: true,
  maximumNumParts: 10_000,
  maximumFileSize: 5_497_558_138_880,
} as const;
