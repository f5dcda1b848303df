"""The report in headless Chromium: it shows something, and asks nothing of any network.

usage: report_in_browser.py CHROMIUM REPORT DIRECTORY

The browser gets a proxy that does not exist, so nothing could be loaded; its own log of network
events tells whether the page tried.
"""

import json
import pathlib
import re
import struct
import subprocess
import sys
import zlib


def distinct_colours(path: pathlib.Path) -> int:
    """Distinct pixels of every 50th row of a PNG of 8-bit RGB or RGBA."""
    data = path.read_bytes()
    position, packed = 8, b""
    width = height = channels = 0
    while position < len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        body = data[position + 8 : position + 8 + length]
        if kind == b"IHDR":
            width, height, _, colour = struct.unpack(">IIBB", body[:10])
            channels = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            packed += body
        position += 12 + length
    raw = zlib.decompress(packed)
    stride = width * channels + 1
    previous = bytearray(stride - 1)
    colours = set()
    for row in range(height):
        line = raw[row * stride : (row + 1) * stride]
        current = bytearray(line[1:])
        unfilter(line[0], current, previous, channels)
        if row % 50 == 0:
            colours.update(
                bytes(current[i : i + channels]) for i in range(0, len(current), channels)
            )
        previous = current
    return len(colours)


def unfilter(kind: int, current: bytearray, previous: bytearray, step: int) -> None:
    """Undoes a filter of the PNG specification, section 9, in place."""
    if kind == 0:
        return
    for i in range(len(current)):
        left = current[i - step] if i >= step else 0
        above = previous[i]
        corner = previous[i - step] if i >= step else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = above
        elif kind == 3:
            guess = (left + above) // 2
        else:
            estimate = left + above - corner
            distances = abs(estimate - left), abs(estimate - above), abs(estimate - corner)
            if distances[0] <= distances[1] and distances[0] <= distances[2]:
                guess = left
            else:
                guess = above if distances[1] <= distances[2] else corner
        current[i] = (current[i] + guess) & 255


def requested_by_page(log: pathlib.Path) -> list[str]:
    """Addresses on a network in Chromium's log that the page, not the browser, asked for."""
    text = log.read_text(encoding="utf-8", errors="replace")
    try:
        events = json.loads(text)["events"]
    except ValueError:
        events = json.loads(text.rstrip().rstrip(",") + "]}")["events"]
    found = set()
    for event in events:
        parameters = event.get("params", {})
        initiator = str(parameters.get("initiator", ""))
        address = str(parameters.get("url", ""))
        if re.match(r"(https?|wss?|ftp):", address) and initiator not in ("", "not an origin"):
            found.add(address)
    return sorted(found)


def main() -> int:
    chromium, report = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    directory = pathlib.Path(sys.argv[3])
    directory.mkdir(parents=True, exist_ok=True)
    picture, log = directory / "report.png", directory / "network.json"
    subprocess.run(
        [
            chromium,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-component-update",
            "--disable-background-networking",
            "--no-first-run",
            "--hide-scrollbars",
            "--proxy-server=127.0.0.1:9",
            f"--user-data-dir={directory / 'profile'}",
            f"--log-net-log={log}",
            "--window-size=1200,1600",
            f"--screenshot={picture}",
            report.as_uri(),
        ],
        check=True,
        timeout=120,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    text = report.read_text(encoding="utf-8")
    references = re.findall(
        r"""(?:\bsrc|<link[^>]*\bhref|@import|\burl\()\s*=?\s*["'(]?\s*((?:https?:)?//[^"')\s]+)""",
        text,
    )
    colours = distinct_colours(picture)
    requests = requested_by_page(log)
    print(
        f"{colours} colours in the screenshot, {len(references)} outside references in the text, "
        f"{len(requests)} requests of the page {requests[:3]}"
    )
    return 0 if colours > 50 and not references and not requests else 1


if __name__ == "__main__":
    sys.exit(main())
