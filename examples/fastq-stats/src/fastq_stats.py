"""Counts FASTQ files in parts: `main` splits, one `process` job counts each part, `gather` adds up and draws."""
import gzip
import html
import itertools
import json
import os
import re
import zlib

import dxpy

PHRED_OFFSET = 33
HIGHEST_USUAL_QUALITY = 42
# The counts of all parts are the input of one job, which is limited to 1 MiB. A count has two numbers for each position.
COUNTS_LIMIT = 900000
BYTES_PER_POSITION = 24
BYTES_PER_COUNT = 400


@dxpy.entry_point("main")
def main(reads, reads_per_part=5000):
    if reads_per_part < 1:
        raise dxpy.AppError("reads_per_part is %d; it must be at least 1" % reads_per_part)
    names, sizes, longest = [], [], 0
    for number, link in enumerate(reads):
        source = dxpy.DXFile(link)
        names.append(source.describe()["name"])
        dxpy.download_dxfile(source, local_name(number))
        size, length = measure(local_name(number), names[number])
        sizes.append(size)
        longest = max(longest, length)
    reads_per_part = max(reads_per_part, fewest_reads_per_part(sizes, longest))
    counts = []
    for number, name in enumerate(names):
        for part, path in enumerate(split(local_name(number), reads_per_part)):
            uploaded = dxpy.upload_local_file(path, name="%d-%d.fastq" % (number, part), folder="/parts", parents=True)
            os.remove(path)
            counts.append(
                dxpy.new_dxjob(
                    {"part": dxpy.dxlink(uploaded), "source": number},
                    "process",
                    name="count %s, part %d" % (name, part + 1),
                )
            )
        os.remove(local_name(number))
    gather = dxpy.new_dxjob(
        {"names": names, "counts": [job.get_output_ref("count") for job in counts]}, "gather", name="add up"
    )
    return {field: gather.get_output_ref(field) for field in ("summary", "quality_table", "plot", "total_reads")}


def local_name(number):
    return "reads-%d.fastq.gz" % number


def measure(path, name):
    """Returns the number of reads (of four lines each) in a file, and the length of the longest one."""
    lines, longest = 0, 0
    try:
        with gzip.open(path, "rb") as file:
            for lines, line in enumerate(file, 1):
                if lines % 4 == 2:
                    longest = max(longest, len(line.rstrip()))
    except (OSError, EOFError, zlib.error) as error:
        raise dxpy.AppError("%s is not a whole gzip file: %s" % (name, error))
    if lines % 4 != 0:
        raise dxpy.AppError("%s ends in the middle of a read" % name)
    return lines // 4, longest


def fewest_reads_per_part(sizes, longest):
    """Returns the smallest part whose counts fit into the input of one job. The last part of each file may not be full."""
    parts = COUNTS_LIMIT // (BYTES_PER_POSITION * longest + BYTES_PER_COUNT)
    if parts <= len(sizes):
        raise dxpy.AppError("%d files with reads of %d bases are too many for one run: give fewer files" % (len(sizes), longest))
    return -(-sum(sizes) // (parts - len(sizes)))


def split(path, reads_per_part):
    """Writes parts of whole reads and yields their paths."""
    with gzip.open(path, "rb") as lines:
        for part in itertools.count():
            head = list(itertools.islice(lines, 4 * reads_per_part))
            if not head:
                return
            with open("part-%d.fastq" % part, "wb") as out:
                out.writelines(head)
            yield out.name


@dxpy.entry_point("process")
def process(part, source):
    dxpy.download_dxfile(part, "part.fastq")
    count = {"source": source, "reads": 0, "bases": 0, "gc": 0, "quality_sum": [], "quality_count": []}
    with open("part.fastq", encoding="latin-1", newline="\n") as lines:
        for header, sequence, _, quality in zip(*[(line.rstrip("\r\n") for line in lines)] * 4):
            if not header.startswith("@") or len(sequence) != len(quality) or not re.match("[!-~]*$", quality):
                raise dxpy.AppError("read %d of the part is not FASTQ: %r" % (count["reads"] + 1, header))
            add_read(count, sequence, quality)
    print("counted %d reads, %d bases" % (count["reads"], count["bases"]))
    return {"count": count}


def add_read(count, sequence, quality):
    count["reads"] += 1
    count["bases"] += len(sequence)
    count["gc"] += sum(map(sequence.count, "GCgc"))
    missing = len(quality) - len(count["quality_sum"])
    if missing > 0:
        count["quality_sum"].extend([0] * missing)
        count["quality_count"].extend([0] * missing)
    for position, letter in enumerate(quality.encode("ascii")):
        count["quality_sum"][position] += letter - PHRED_OFFSET
        count["quality_count"][position] += 1


@dxpy.entry_point("gather")
def gather(names, counts):
    files = [merge([one for one in counts if one["source"] == number]) for number in range(len(names))]
    labels = [label(number, name) for number, name in enumerate(names, 1)]
    summary = {label: describe(total) for label, total in zip(labels, files)}
    curves = {label: mean_quality(total) for label, total in zip(labels, files)}
    print(json.dumps(summary, indent=2))
    write("summary.json", json.dumps({"files": summary}, indent=2) + "\n")
    write("quality.tsv", "".join(table(curves)))
    write("quality.svg", plot(curves))
    return {
        "summary": dxpy.dxlink(dxpy.upload_local_file("summary.json")),
        "quality_table": dxpy.dxlink(dxpy.upload_local_file("quality.tsv")),
        "plot": dxpy.dxlink(dxpy.upload_local_file("quality.svg", media_type="image/svg+xml")),
        "total_reads": sum(total["reads"] for total in files),
    }


def label(number, name):
    """Makes the names of files unique, and replaces characters that a table or a picture cannot hold."""
    return "%d: %s" % (number, "".join(letter if letter.isprintable() else "?" for letter in name))


def merge(counts):
    total = {"reads": 0, "bases": 0, "gc": 0, "quality_sum": [], "quality_count": []}
    for one in counts:
        for field in ("reads", "bases", "gc"):
            total[field] += one[field]
        for field in ("quality_sum", "quality_count"):
            total[field] = [a + b for a, b in itertools.zip_longest(total[field], one[field], fillvalue=0)]
    return total


def describe(total):
    bases = max(total["bases"], 1)
    return {
        "reads": total["reads"],
        "bases": total["bases"],
        "gc_percent": round(100 * total["gc"] / bases, 2),
        "mean_quality": round(sum(total["quality_sum"]) / bases, 2),
    }


def mean_quality(total):
    return [sum_ / count for sum_, count in zip(total["quality_sum"], total["quality_count"])]


def table(curves):
    yield "\t".join(["position"] + list(curves)) + "\n"
    for position, means in enumerate(itertools.zip_longest(*curves.values())):
        yield "\t".join([str(position + 1)] + ["" if one is None else "%.2f" % one for one in means]) + "\n"


def plot(curves):
    """Draws a line for each file: the mean quality at each position of the read."""
    highest = max([HIGHEST_USUAL_QUALITY] + [quality for curve in curves.values() for quality in curve])
    width, height, left, top = 720, 320, 50, 40
    longest = max((len(curve) for curve in curves.values()), default=1)
    x = lambda position: left + position * (width - left - 20) / max(longest - 1, 1)
    y = lambda quality: height - 40 - quality * (height - 40 - top) / highest
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">' % (width, height)]
    parts.append('<rect width="100%" height="100%" fill="white"/><text x="50" y="20">Mean base quality by position in the read</text>')
    for level in range(0, int(highest) + 1, 10):
        parts.append('<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/>' % (left, width - 20, y(level), y(level)))
        parts.append('<text x="%d" y="%.1f" text-anchor="end">%d</text>' % (left - 6, y(level) + 4, level))
    for curve, color in zip(curves.values(), itertools.cycle(["#1b6ca8", "#c8553d", "#3a7d44", "#7b4b94"])):
        points = " ".join("%.1f,%.1f" % (x(position), y(quality)) for position, quality in enumerate(curve))
        parts.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>' % (points, color))
    for row, (name, color) in enumerate(zip(curves, itertools.cycle(["#1b6ca8", "#c8553d", "#3a7d44", "#7b4b94"]))):
        parts.append('<text x="%d" y="%d" fill="%s">%s</text>' % (left + 10, height - 60 - 16 * row, color, html.escape(name)))
    parts.append('<text transform="translate(14,%d) rotate(-90)" text-anchor="middle">Phred quality</text>' % (height / 2))
    parts.append('<text x="%d" y="%d" text-anchor="middle">Position</text>' % (width / 2, height - 20))
    parts.append('<text x="%d" y="%d">1</text><text x="%d" y="%d" text-anchor="end">%d</text></svg>\n' % (left, height - 20, width - 20, height - 20, longest))
    return "\n".join(parts)


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


dxpy.run()
