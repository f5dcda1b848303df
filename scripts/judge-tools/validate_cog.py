"""A mosaic judged by rio-cogeo, strictly: warnings are failures.

usage: validate_cog.py FILE
"""

import sys

from rio_cogeo.cogeo import cog_validate


def main() -> int:
    is_valid, errors, warnings = cog_validate(sys.argv[1], strict=True)
    for text in errors:
        print(f"error: {text}")
    for text in warnings:
        print(f"warning: {text}")
    print(f"valid: {is_valid}")
    return 0 if is_valid and not warnings else 1


if __name__ == "__main__":
    sys.exit(main())
