"""Zones in the settings: read from a file, and one sentence for each wrong value."""

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.settings.loading import unknown_variables
from pyimagesearch.settings.polygons import has_no_area, is_polygon
from pyimagesearch.settings.settings import ALL_OPTIONS, Settings
from pyimagesearch.settings.zone import SENSITIVITIES, Zone

POLYGON = "0,500 1000,500 1000,1000 0,1000"
FILE = f"""
[cameras.front]
source = "demo"

[[cameras.front.zones]]
name = "drive"
polygon = "{POLYGON}"
min_area = 5
sensitivity = "high"

[[cameras.front.zones]]
name = "Müllers tree (left)"
polygon = "0,0 300,0 300,250"
counts = false

[cameras.yard]
source = "demo"
"""


def read(tmp_path, content, *argv):
    file = tmp_path / "cameras.toml"
    file.write_text(content)
    return parse_command_line(["--config", str(file), *argv], {}).settings


def test_zones_are_read_from_the_tables_of_a_camera(tmp_path):
    front, yard = read(tmp_path, FILE).cameras()
    assert front.zones == (
        Zone("drive", POLYGON, True, 5.0, "high"),
        Zone("Müllers tree (left)", "0,0 300,0 300,250", False))
    assert yard.zones == ()


def test_polygon_may_be_written_on_several_lines(tmp_path):
    [camera] = read(tmp_path, '[cameras.front]\nsource = "demo"\nzones = [{name = "drive", '
                    "polygon = '''0,500  1000,500\n\t1000,1000'''}]").cameras()
    assert camera.zones[0].polygon == "0,500 1000,500 1000,1000"      # as pages read it


def test_zones_above_the_tables_are_those_of_every_camera(tmp_path):
    zone = f'zones = [{{name = "drive", polygon = "{POLYGON}"}}]\n'
    settings = read(tmp_path, zone + FILE)
    assert [len(each.zones) for each in settings.cameras()] == [2, 1]
    assert len(read(tmp_path, zone).cameras()[0].zones) == 1


def test_zones_are_neither_a_flag_nor_a_variable(capsys):
    with pytest.raises(SystemExit):
        parse_command_line(["--zones", "x"], {})
    assert "--zones is not an option; set zones in the file given by --config" in capsys.readouterr().err
    assert parse_command_line([], {"SURVEILLANCE_ZONES": "x"}).settings.zones == ()
    assert unknown_variables({"SURVEILLANCE_ZONES": "x"}) == [
        "SURVEILLANCE_ZONES in the environment is not read; set zones in the file given by --config"]


def table(**changed):
    return {"name": "drive", "polygon": POLYGON} | changed


@pytest.mark.parametrize(("value", "sentence"), [
    (5, "zones must be a list of up to 32 zones, each with name and polygon"),
    ([table()] * 33, "zones must be a list of up to 32 zones, each with name and polygon"),
    (["drive"], "zones: zone 1 must be a table with name and polygon"),
    ([table(), {"name": "x"}], "zones: zone 2 has no polygon"),
    ([{"polygon": POLYGON}], "zones: zone 1 has no name"),
    ([table(size=5)], "zones: 'size' of zone 1 is not a setting of a zone"),
    ([table(minarea=5)], "of zone 1 is not a setting of a zone; did you mean min_area?"),
    ([table(name="")], "zones: name of zone 1 is '', but must be up to 32 letters, digits"),
    ([table(name="<b>")], "zones: name of zone 1 is '<b>', but must be up to 32 letters, digits"),
    ([table(name=5)], "zones: name of zone 1 is 5, but must be up to 32 letters"),
    ([table(name="x" * 33)], "but must be up to 32 letters"),
    ([table(polygon="0,0 1,1")], "zones: polygon of zone 1 is '0,0 1,1', but must be corners X,Y"),
    ([table(polygon="0,0 1001,0 5,5")], "but must be corners X,Y in per mille of"),
    ([table(polygon="0,0 500,500 900,900")], "polygon of zone 'drive' is '0,0 500,500 900,900', "
                                             "which is flat, but must have an area"),
    ([table(counts="no")], "counts of zone 1 is 'no', but must be true or false"),
    ([table(min_area="5")], "min_area of zone 1 is '5', but must be a number from 0 to 1000"),
    ([table(min_area=1001)], "min_area of zone 1 is 1001.0, but must be a number from 0 to 1000"),
    ([table(min_area=True)], "min_area of zone 1 is true, but must be a number from 0 to 1000"),
    ([table(min_area=float("nan"))], "min_area of zone 1 is nan, but must be a number"),
    ([table(min_area=1 << 5000)], "min_area of zone 1 is a number of 5001 bits, but must be"),
    ([table(sensitivity="loud")], "sensitivity of zone 1 is 'loud', but must be one of low, "
                                  "normal, high"),
    ([table(counts=False, min_area=1)], "zone 'drive' does not count, so it cannot have min_area"),
    ([table(counts=False, sensitivity="low")], "so it cannot have sensitivity"),
    ([table(), table()], "zones: two zones are named 'drive', but each needs its own name")])
def test_wrong_zone_is_one_sentence(value, sentence):
    with pytest.raises(SettingsError) as wrong:
        ALL_OPTIONS["zones"].parse(value, "zones")
    assert sentence in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_wrong_zone_in_a_file_names_the_place(tmp_path, capsys):
    with pytest.raises(SystemExit):
        read(tmp_path, FILE.replace("min_area = 5", "min_area = -5"))
    (line,) = capsys.readouterr().err.splitlines()
    assert (f"zones in [cameras.front] of {tmp_path}/cameras.toml: min_area of zone 1 is -5.0, "
            "but must be a number from 0 to 1000") in line


@pytest.mark.parametrize("wrong", [None, [Zone("a", POLYGON)], ("a",), (Zone("a", "0,0"),),
                                   (Zone("", POLYGON),), (Zone("a", POLYGON),) * 2])
def test_wrong_zones_cannot_be_constructed(wrong):
    with pytest.raises(SettingsError, match=r"^zones"):
        Settings(zones=wrong)


CORNER = st.tuples(st.integers(0, 1000), st.integers(0, 1000))
POLYGONS = st.lists(CORNER, min_size=3, max_size=64).map(
    lambda corners: " ".join(f"{x},{y}" for x, y in corners))
NAMES = st.from_regex(r"\w(?:[\w .,'()-]{0,30}[\w.)])?", fullmatch=True)
TABLES = st.builds(Zone, NAMES, POLYGONS, st.booleans(), st.none() | st.floats(0, 1000),
                   st.sampled_from([None, *SENSITIVITIES]))


@given(st.lists(TABLES, max_size=5))
def test_zones_are_read_back_as_they_were_written(zones):
    tables = [asdict(zone) for zone in zones]
    try:
        read = ALL_OPTIONS["zones"].parse(tables, "zones")
    except SettingsError:
        assert (len({zone.name for zone in zones}) < len(zones)
                or any(has_no_area(zone.polygon) for zone in zones)
                or any(not zone.counts and (zone.min_area, zone.sensitivity) != (None, None)
                       for zone in zones))
        return
    assert list(read) == zones
    assert all(is_polygon(zone.polygon) for zone in read)
    assert ALL_OPTIONS["zones"].parse(list(read), "zones") == read
