BEGIN TRANSACTION;
CREATE TABLE events (
            id INTEGER PRIMARY KEY, camera TEXT NOT NULL, kind TEXT NOT NULL,
            begin REAL NOT NULL, "end" REAL, peak_area REAL NOT NULL, peak_box TEXT,
            note TEXT NOT NULL, starred INTEGER NOT NULL, deleted REAL);
INSERT INTO "events" VALUES(7,'front','motion',1795176000.0,1795176009.0,12.5,'[1, 2, 30, 40]','',1,NULL);
INSERT INTO "events" VALUES(9,'yard','lost',1795176060.0,NULL,0.0,NULL,'no picture for 5 seconds',0,NULL);
CREATE TABLE files (
            path TEXT PRIMARY KEY, event_id INTEGER NOT NULL, media TEXT NOT NULL,
            begin REAL NOT NULL, "end" REAL NOT NULL, bytes INTEGER NOT NULL,
            state TEXT NOT NULL, sequence INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
INSERT INTO "files" VALUES('front/2026-11-20/12-00-00.jpg',7,'thumbnail',1795176003.0,1795176003.0,50,'complete',8);
INSERT INTO "files" VALUES('front/2026-11-20/12-00-00.mp4',7,'clip',1795176000.0,1795176009.0,1000,'complete',7);
CREATE TABLE levels (
            minute INTEGER, camera TEXT, area REAL NOT NULL,
            PRIMARY KEY (minute, camera)) WITHOUT ROWID;
INSERT INTO "levels" VALUES(29919600,'front',12.5);
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "state" VALUES('keep','1000000000');
CREATE INDEX events_by_time ON events (begin);
CREATE INDEX events_by_camera ON events (camera, begin);
CREATE INDEX events_by_kind ON events (kind, begin);
CREATE INDEX events_starred ON events (begin) WHERE starred;
CREATE INDEX events_lasting ON events (begin) WHERE "end" IS NULL;
CREATE INDEX events_deleted ON events (deleted) WHERE deleted IS NOT NULL;
CREATE INDEX files_by_event ON files (event_id, begin);
CREATE INDEX files_by_state ON files (state, begin);
CREATE INDEX events_of_camera ON events (camera);
CREATE INDEX events_of_kind ON events (kind);
CREATE INDEX events_of_star ON events (id) WHERE starred;
CREATE INDEX files_by_sequence ON files (sequence);
COMMIT;
PRAGMA user_version = 3;
