"""Error responses."""


def test_error_is_json_for_programs_and_a_page_for_browsers(client):
    answer = client.get("/api/none")
    assert answer.status_code == 404
    assert "not found" in answer.json["error"]
    assert answer.json["error"].index(".") == len(answer.json["error"]) - 1     # one sentence
    page = client.get("/none", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "<h1>Not Found</h1>" in page.text
    refused = client.post("/video_feed", headers={"Accept": "application/json"})
    assert refused.status_code == 405
    assert "GET" in refused.headers["Allow"]
    assert "error" in refused.json
