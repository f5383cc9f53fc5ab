#!/bin/bash
# Counts the lines of each input file. `plain-text`, in resources/, unpacks the files that are compressed.
set -e -o pipefail

main() {
    dx-download-all-inputs
    mkdir -p out/counts
    local total=0 index lines
    for index in "${!files_path[@]}"; do
        lines=$(plain-text "${files_path[$index]}" | wc -l) ||
            dx-jobutil-report-error "${files_name[$index]} is compressed with gzip, but damaged or not whole"
        echo "${files_name[$index]}: $lines lines"
        printf '%d\t%s\n' "$lines" "${files_name[$index]}" >> out/counts/line-counts.tsv
        total=$((total + lines))
    done
    dx-jobutil-add-output lines "$total" --class int
    dx-upload-all-outputs
}
