-- REPLACE takes the place of a row by its number as well, which a statement may name though no column is called so.
DROP TRIGGER tree_node_no_replace;
CREATE TRIGGER tree_node_no_replace BEFORE INSERT ON tree_node
WHEN EXISTS (SELECT 1 FROM tree_node WHERE (level = NEW.level AND idx = NEW.idx) OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'tree: the node exists'); END;

DROP TRIGGER checkpoint_no_replace;
CREATE TRIGGER checkpoint_no_replace BEFORE INSERT ON checkpoint
WHEN EXISTS (SELECT 1 FROM checkpoint WHERE size = NEW.size OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'tree: the checkpoint exists'); END;

DROP TRIGGER duty_no_replace;
CREATE TRIGGER duty_no_replace BEFORE INSERT ON duty
WHEN EXISTS (SELECT 1 FROM duty
             WHERE (batch = NEW.batch AND person = NEW.person AND duty = NEW.duty) OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'evidence: the duty exists'); END;

DROP TRIGGER disposition_no_replace;
CREATE TRIGGER disposition_no_replace BEFORE INSERT ON disposition
WHEN EXISTS (SELECT 1 FROM disposition
             WHERE (entry = NEW.entry AND container = NEW.container) OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'evidence: the disposition exists'); END;
