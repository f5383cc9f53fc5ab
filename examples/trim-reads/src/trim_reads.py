"""Trims pairs of reads. The cut is that of BWA: it takes the 3' end whose bases lie furthest below the minimum quality in sum."""
import gzip
import itertools
import os
import zlib

import dxpy

PHRED_OFFSET = 33


@dxpy.entry_point("main")
def main(reads_1, reads_2, minimum_quality=20, minimum_length=30):
    if minimum_length < 1:
        raise dxpy.AppError("minimum_length is %d; it must be at least 1" % minimum_length)
    names = [dxpy.DXFile(link).describe()["name"] for link in (reads_1, reads_2)]
    for number, link in enumerate((reads_1, reads_2)):
        dxpy.download_dxfile(link, "reads-%d.fastq.gz" % number)
    before, after = 0, 0
    with gzip.open("trimmed-0.fastq.gz", "wb", compresslevel=1) as first, gzip.open("trimmed-1.fastq.gz", "wb", compresslevel=1) as second:
        for pair in itertools.zip_longest(*(reads_of("reads-%d.fastq.gz" % number, name) for number, name in enumerate(names))):
            if None in pair:
                raise dxpy.AppError("%s and %s do not have the same number of reads: they are no pairs" % tuple(names))
            before += 1
            lengths = [kept_length(quality, minimum_quality) for _, _, quality in pair]
            if min(lengths) < minimum_length:
                continue
            after += 1
            for out, length, (header, sequence, quality) in zip((first, second), lengths, pair):
                out.write(b"%s\n%s\n+\n%s\n" % (header, sequence[:length], quality[:length]))
    print("%d of %d pairs stay" % (after, before))
    trimmed = [
        dxpy.dxlink(dxpy.upload_local_file("trimmed-%d.fastq.gz" % number, name=trimmed_name(name)))
        for number, name in enumerate(names)
    ]
    return {"trimmed": trimmed, "pairs_before": before, "pairs_after": after}


def reads_of(path, name):
    """Yields header, sequence and quality of each read."""
    try:
        with gzip.open(path, "rb") as file:
            lines = (line.rstrip(b"\r\n") for line in file)
            for number, (header, sequence, _, quality) in enumerate(itertools.zip_longest(*[lines] * 4, fillvalue=b""), 1):
                if not header.startswith(b"@") or len(sequence) != len(quality):
                    raise dxpy.AppError("read %d of %s is not FASTQ: %r" % (number, name, header))
                yield header, sequence, quality
    except (OSError, EOFError, zlib.error) as error:
        raise dxpy.AppError("%s is not a whole gzip file: %s" % (name, error))


def kept_length(quality, minimum):
    """Returns the number of bases before the cut."""
    kept, deficit, worst = len(quality), 0, 0
    for position in range(len(quality) - 1, -1, -1):
        deficit += minimum - (quality[position] - PHRED_OFFSET)
        if deficit < 0:
            break
        if deficit > worst:
            kept, worst = position, deficit
    return kept


def trimmed_name(name):
    for ending in (".fastq.gz", ".fq.gz"):
        if name.endswith(ending):
            return os.path.basename(name)[: -len(ending)] + ".trimmed.fastq.gz"
    return os.path.basename(name) + ".trimmed.fastq.gz"


dxpy.run()
