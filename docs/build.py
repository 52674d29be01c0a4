"""Builds the documentation site into `build/site` (`make docs`): strict, and without anything of another host.

Pages are those of `docs/`, with CONTRIBUTING and CHANGELOG beside them. They are laid out in `build/pages` first, as
the site's program takes all that it finds. What draws diagrams and what searches in a page that was opened from a disk
are npm packages pinned in package-lock.json; the theme would fetch both from elsewhere.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from infra import node

ROOT = Path(__file__).resolve().parents[1]
DOCS, WORK, SITE = ROOT / "docs", ROOT / "build" / "pages", ROOT / "build" / "site"
CONFIG = DOCS / "mkdocs.yml"
BESIDE = ("CONTRIBUTING.md", "CHANGELOG.md")
FILES_OF_PAGES = ("*.md", "assets/*", "vectors/*.json", "openapi.json")
# As the site has it -> where npm puts it.
SCRIPTS = {
    "assets/mermaid.js": node.MODULES / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js",
    "assets/iframe-worker.js": node.MODULES / "iframe-worker" / "shim" / "index.js",
}
# The theme names this one by its maker's address in each page.
FETCHED = "https://unpkg.com/iframe-worker/shim"
TIMEOUT_S = 300
# What a browser fetches by itself; a link that a reader follows is none of it.
_FETCHES = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?(?:https?:)?//|<link\b[^>]*\bhref=[\"']?(?:https?:)?//"
)


def pages() -> Iterator[tuple[str, str]]:
    """Each file of the site, by its path there, with its text."""
    for pattern in FILES_OF_PAGES:
        for path in sorted(DOCS.rglob(pattern)):
            text = path.read_text(encoding="utf-8")
            yield path.relative_to(DOCS).as_posix(), text.replace("](../CONTRIBUTING.md", "](CONTRIBUTING.md")
    for name in BESIDE:
        yield name, (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](")


def configuration() -> str:
    """The site's configuration, with a line of navigation for each page of the folders that it names by `# …/*`."""
    lines = []
    for line in CONFIG.read_text(encoding="utf-8").splitlines():
        folder = re.fullmatch(r"( *)# ([a-z]+)/\*", line)
        if folder is None:
            lines.append(line)
            continue
        found = sorted(path.name for path in (DOCS / folder[2]).glob("*.md") if path.name != "index.md")
        lines += [f"{folder[1]}- {folder[2]}/{name}" for name in found]
    return "\n".join(lines) + "\n"


def lay_out() -> None:
    """Write the pages, the scripts and the configuration to where the site is built from."""
    shutil.rmtree(WORK, ignore_errors=True)
    for name, text in pages():
        target = WORK / "docs" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    node.install()
    for name, source in SCRIPTS.items():
        target = WORK / "docs" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    (WORK / CONFIG.name).write_text(configuration(), encoding="utf-8")


def keep_home(site: Path) -> list[str]:
    """Let every page take the script from the site; return the pages that would still fetch something elsewhere."""
    abroad = []
    for page in sorted(site.rglob("*.html")):
        depth = len(page.relative_to(site).parts) - 1
        text = page.read_text(encoding="utf-8").replace(FETCHED, "../" * depth + "assets/iframe-worker.js")
        page.write_text(text, encoding="utf-8")
        if _FETCHES.search(text):
            abroad.append(page.relative_to(site).as_posix())
    return abroad


def strictly(work: Path) -> "subprocess.CompletedProcess[str]":
    """Build what is laid out there; it fails at a link to no page or anchor."""
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "--config-file", CONFIG.name]
    return subprocess.run(
        command, cwd=work, check=False, timeout=TIMEOUT_S, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def main() -> int:
    """Build it; return the exit code."""
    lay_out()
    built = strictly(WORK)
    if built.returncode:
        print(built.stdout)
        return built.returncode
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.move(WORK / "site", SITE)
    abroad = keep_home(SITE)
    if abroad:
        print("these pages fetch from another host: " + ", ".join(abroad), file=sys.stderr)
        return 1
    print(f"the site is in {SITE.relative_to(ROOT)}: open index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
