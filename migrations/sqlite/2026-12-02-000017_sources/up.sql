-- Marks records whose entries may say from where each was handed in (`source` in the payload) and may carry facts that came
-- with it. An older program would call such entries damaged: by this step it knows that they are newer, and does not start.
SELECT 1;
