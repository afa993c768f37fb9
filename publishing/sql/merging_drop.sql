DROP TRIGGER merged_straight ON publishing_publishable;
DROP TRIGGER merger_life ON publishing_merger;
DROP FUNCTION publishing_merged_straight();
DROP FUNCTION publishing_merger_life();
