"""The modules of a page in one script."""

import gzip

import pytest

from harness import ROOT
from pyimagesearch.web.bundles import bundle

MODULES = sorted(path.stem for path in (ROOT / "static").glob("*.js")
                 if path.stem.isidentifier())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "page.js").write_text(
        'import { one, Two } from "./parts.js";\n// a comment\n'
        'export const sum = one() + new Two().value;\nimport("./later.js");\n')
    (tmp_path / "parts.js").write_text(
        "export function one() { return 1; }\nexport class Two { value = 2; }\n")
    return tmp_path


def test_imported_modules_come_before_those_that_use_them(folder):
    text = bundle(folder, "page")
    assert text.index("const $parts") < text.index("const { one, Two } = $parts;")
    assert "comment" not in text
    assert 'import("./later.js")' in text
    assert text.endswith("export const { sum } = $page;\n")


def test_what_cannot_be_bundled_is_named(folder):
    (folder / "page.js").write_text("export default 1;\n")
    with pytest.raises(ValueError, match=r"page.js has a line .*: export default 1;"):
        bundle(folder, "page")


@pytest.mark.parametrize("name", MODULES)
def test_every_module_of_the_pages_can_be_bundled(name):
    assert bundle(ROOT / "static", name)


def test_bundle_is_public_and_revalidated(client):
    answer = client.get("/static/bundle/live.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    again = client.get("/static/bundle/live.js",
                       headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_bundle_is_compressed_where_that_is_accepted(client):
    plain = client.get("/static/bundle/live.js")
    small = client.get("/static/bundle/live.js", headers={"Accept-Encoding": "gzip, br"})
    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) < len(plain.data) / 2
    assert small.headers["ETag"] != plain.headers["ETag"]


@pytest.mark.parametrize("name", ["nothing", "..%2Fapp", "service-worker"])
def test_script_that_does_not_exist_is_not_found(client, name):
    assert client.get(f"/static/bundle/{name}.js").status_code == 404
