"""Every reason that detection gives for a region is documented, and no other."""

import ast
import re

from harness import ROOT

GIVING = {"explain", "weakness", "_why_not"}    # functions that return a reason
PLACES = {"Verdict": 0, "Region": 3}            # of the reason among the arguments


def texts(node, constants):
    """Return the reasons that an expression may be; a variable tells none."""
    if isinstance(node, ast.Constant):
        return {node.value} if node.value else set()
    if isinstance(node, ast.IfExp):
        return texts(node.body, constants) | texts(node.orelse, constants)
    if isinstance(node, ast.JoinedStr):
        return {"".join(part.value if isinstance(part, ast.Constant) else "NAME"
                        for part in node.values)}
    return {constants[node.id]} if isinstance(node, ast.Name) and node.id in constants else set()


def reasons_in(source):
    """Return the reasons that a module of the detection gives."""
    tree = ast.parse(source)
    constants = {node.targets[0].id: node.value.value for node in tree.body
                 if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
                 and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            place = PLACES.get(getattr(node.func, "id", ""))
            if place is not None and len(node.args) > place:
                found.append(node.args[place])
            found += [each.value for each in node.keywords if each.arg == "rule"]
        elif isinstance(node, ast.FunctionDef) and node.name in GIVING:
            found += [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
    return set().union(*(texts(node, constants) for node in found))


def test_every_reason_is_documented_and_no_other():
    folder = ROOT / "pyimagesearch" / "motion_detection"
    given = set().union(*(reasons_in(path.read_text()) for path in folder.rglob("*.py")))
    page = (ROOT / "docs" / "motion-detection.md").read_text()
    table = page.partition("\n### Reasons\n")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| (.*?) \| (?:yes|no) \|", table, re.M)
    assert len(given) > 15
    assert sorted(given) == sorted(documented)
