#!/usr/bin/env python3
"""Taste as a test: banned words, undocumented declarations, sizes, and the arrows of the house plan.

    scripts/tidy.py          prints every finding as file:line: what; exits 1 if there is one

The table ARROWS is the house plan: a target may import what its line lists, always further down, and
nothing else. Change plan, table and README's picture in one commit.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

SYSTEM = {"Foundation", "Dispatch", "Glibc", "Synchronization", "FoundationEssentials"}
ARROWS = {
    "sectile": {
        "Analysis", "CarbonBalance", "ContentDigest", "Coordination", "Execution", "Lattice",
        "Messaging", "Publishing", "RasterIO", "Regression", "RunStore", "Settings",
        "SpatialStatistics", "Telemetry", "Tiling", "WireProtocol", "CBuildVersion", "CLinux", "CPosix",
        "ArgumentParser",
        "Logging",
    },
    "Publishing": {
        "Analysis", "CarbonBalance", "ContentDigest", "Lattice", "RasterIO", "Regression",
        "RunStore", "SpatialStatistics", "Tiling", "CCairo",
    },
    "Execution": {
        "Analysis", "CarbonBalance", "CLinux", "CPosix", "ContentDigest", "Lattice", "Messaging", "RasterIO",
        "Regression", "Telemetry", "Tiling", "WireProtocol",
    },
    "Coordination": {
        "ContentDigest", "Lattice", "Messaging", "RunStore", "Telemetry", "Tiling", "WireProtocol",
    },
    "Analysis": {
        "CarbonBalance", "ContentDigest", "Lattice", "Regression", "SpatialStatistics", "Tiling",
    },
    "Settings": {"CarbonBalance", "ContentDigest", "Lattice", "Regression", "Tiling", "Yams"},
    "RunStore": {"ContentDigest", "GRDB", "Lattice", "Tiling"},
    "WireProtocol": {"ContentDigest", "Lattice", "SwiftProtobuf", "Tiling"},
    "RasterIO": {"CGDAL", "ContentDigest", "Lattice"},
    "Messaging": {"CLinux", "CZeroMQ"},
    "CarbonBalance": {"Lattice"},
    "SpatialStatistics": {"Lattice"},
    "Tiling": {"ContentDigest", "Lattice"},
    "Regression": {
        "Lattice", "RegressionKernels", "RegressionKernelsV3", "RegressionKernelsV4",
        "CInstructionSet",
    },
    "RegressionKernels": set(),
    "RegressionKernelsV3": set(),
    "RegressionKernelsV4": set(),
    "ContentDigest": {"CSodium"},
    "Telemetry": {"Logging"},
    "Lattice": set(),
    "Benchmarks": {
        "ArgumentParser", "ContentDigest", "Coordination", "Execution", "Lattice", "Logging",
        "Messaging", "Regression", "RunStore", "Telemetry", "Tiling", "WireProtocol",
    },
}

BANNED = [
    (r"\btry!", "try! hides an error: handle or throw it"),
    (r"\bfatalError\(", "fatalError: use preconditionFailure with state and input, or throw"),
    (r"Task\.detached", "Task.detached loses structure"),
    (r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b", "unfinished work is finished or filed, not left"),
    (r"\.disabled\(|XCTSkip|withKnownIssue", "a test that does not run needs a condition and a reason"),
    (r"(?<![\w.])print\(", "print only in the executable"),
]
# What only the executable may read: the world's clock, randomness and environment.
WORLD = [
    (r"\bContinuousClock\(\)|\bSuspendingClock\(\)", "the clock is injected"),
    (r"(?<![\w.])Date\(\)|Date\.now", "the wall clock is injected"),
    (r"\.random\(in:|SystemRandomNumberGenerator", "randomness is injected"),
    (r"ProcessInfo\.processInfo\.environment|\bgetenv\(", "the environment is injected"),
]
DECLARATION = re.compile(
    r"^(\s*)package (?:(?:static|final|mutating|nonisolated|consuming|borrowing|override|indirect"
    r"|required|convenience|lazy)(?:\([a-z]+\))? )*"
    r"(?:func|var|let|struct|class|enum|actor|protocol|init|subscript|typealias)\b"
)
# Declarations that fulfil a protocol of the standard library or of Codable: documented there.
FULFILLED = re.compile(
    r"package (?:static |mutating |nonisolated )*(?:var (description|debugDescription|errorDescription"
    r"|hashValue|id|metadata|logLevel|metadataProvider)\b"
    r"|func (hash|encode|log|run|validate|makeAsyncIterator|next|==|<|==)\b"
    r"|func (<|==)|static func (<|==)|init\(from decoder|subscript\(metadataKey)"
)


def sources():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True,
    ).stdout.decode().split("\0")
    return sorted(name for name in listed if name and (ROOT / name).exists())


def check_swift(name, text, findings):
    parts = name.split("/")
    target = parts[1] if parts[0] in ("Sources", "Tests") and len(parts) > 2 else ""
    in_sources = parts[0] == "Sources"
    generated = "/Generated/" in name
    lines = text.split("\n")
    if generated:
        return
    if len(lines) > 600:
        findings.append(f"{name}:1: {len(lines)} lines; a file has at most 600")
    for number, line in enumerate(lines, 1):
        code = line.split("//")[0]
        for pattern, reason in BANNED:
            if "print" in reason and (target in ("sectile", "Benchmarks") or not in_sources):
                continue
            if re.search(pattern, line if "unfinished" in reason else code):
                findings.append(f"{name}:{number}: {reason}")
        if in_sources and target not in ("sectile", "Benchmarks"):
            for pattern, reason in WORLD:
                if re.search(pattern, code):
                    findings.append(f"{name}:{number}: {reason}; only Sources/sectile reads it")
        if "@unchecked Sendable" in code:
            above = "\n".join(lines[max(0, number - 8):number])
            if "//" not in above:
                findings.append(f"{name}:{number}: @unchecked Sendable needs a comment naming the lock")
        if in_sources and DECLARATION.match(line) and not FULFILLED.search(line):
            before = number - 2
            while before >= 0 and lines[before].strip().startswith("@"):
                before -= 1
            if before < 0 or not lines[before].strip().startswith("///"):
                findings.append(f"{name}:{number}: a package declaration has no documentation")
        imported = re.match(
            r"\s*(?:@\w+(?:\(\w+\))? )*(?:package |private |internal |fileprivate )?import "
            r"(?:(?:struct|enum|class|func|protocol|let|var|typealias) )?(\w+)", line)
        if in_sources and imported:
            allowed = ARROWS.get(target, set())
            module = imported.group(1)
            if allowed is not None and module not in allowed and module not in SYSTEM:
                findings.append(f"{name}:{number}: {target} may not import {module}")
    check_function_lengths(name, lines, findings)


def check_function_lengths(name, lines, findings):
    start = body = None
    indent = ""
    for number, line in enumerate(lines, 1):
        opened = re.match(r"^(\s*)(?:@\w+.* )?(?:(?:package|private|fileprivate|static|mutating"
                          r"|nonisolated|override|final|consuming|borrowing)(?:\([a-z]+\))? )*"
                          r"(?:func|init)\b", line)
        if opened and start is None and not line.rstrip().endswith("}"):
            start, indent = number, opened.group(1)
            body = number if line.rstrip().endswith("{") else None
        elif start is not None and body is None and line.rstrip().endswith("{"):
            # A signature of many named parameters is no length of the function.
            body = number
        if start is not None and line == indent + "}":
            start = body or start
            if number - start > 70:
                findings.append(f"{name}:{start}: a function of {number - start} lines; at most 70")
            start = body = None
        elif start is not None and start != number and opened and opened.group(1) == indent:
            start, body = number, number if line.rstrip().endswith("{") else None


def main():
    findings = []
    for name in sources():
        path = ROOT / name
        if path.is_symlink() or path.is_dir():
            continue
        size = path.stat().st_size
        if size > 1_500_000:
            findings.append(f"{name}:1: {size} bytes; a committed file has at most 1.5 MB")
        if name == "Package.resolved" or name.startswith(".build"):
            findings.append(f"{name}:1: is never committed")
        if path.suffix == ".swift":
            check_swift(name, path.read_text(), findings)
        if re.fullmatch(r"scripts/[a-z-]+", name) and not (path.stat().st_mode & 0o111):
            findings.append(f"{name}:1: a script is executable")
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
