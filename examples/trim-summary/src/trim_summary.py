"""Writes a table of the reads, bases and mean quality before and after trimming. The figures before come from fastq-stats."""
import gzip
import json

import dxpy

PHRED_OFFSET = 33


@dxpy.entry_point("main")
def main(before, after, pairs_before, pairs_after):
    with dxpy.open_dxfile(before) as file:
        files = list(json.loads(file.read())["files"].items())
    for link in after:
        source = dxpy.DXFile(link)
        dxpy.download_dxfile(source, "trimmed.fastq.gz")
        files.append((source.describe()["name"], count("trimmed.fastq.gz")))
    percent_kept = round(100 * pairs_after / max(pairs_before, 1), 2)
    with open("trimming.md", "w", encoding="utf-8") as out:
        out.write("# Trimming\n\n%d of %d pairs stay (%s %%).\n\n" % (pairs_after, pairs_before, percent_kept))
        out.write("| file | reads | bases | mean quality |\n| --- | ---: | ---: | ---: |\n")
        for name, figures in files:
            out.write("| %s | %d | %d | %.2f |\n" % (cell(name), figures["reads"], figures["bases"], figures["mean_quality"]))
    with open("trimming.md", encoding="utf-8") as report:
        print(report.read())
    return {"report": dxpy.dxlink(dxpy.upload_local_file("trimming.md")), "percent_kept": percent_kept}


def count(path):
    reads, bases, quality = 0, 0, 0
    with gzip.open(path, "rb") as lines:
        for number, line in enumerate(lines):
            if number % 4 == 3:
                letters = line.rstrip()
                reads, bases, quality = reads + 1, bases + len(letters), quality + sum(letters)
    return {"reads": reads, "bases": bases, "mean_quality": quality / max(bases, 1) - (PHRED_OFFSET if bases else 0)}


def cell(name):
    """A name may hold any letter, and some have a meaning in a table."""
    return "".join(letter if letter.isprintable() and letter not in "|<\\`" else "?" for letter in name)


dxpy.run()
