DROP TRIGGER IF EXISTS act_complete ON publishing_change;
DROP FUNCTION IF EXISTS tracking_statuschange_fixed, tracking_refuse, tracking_statuschange_not_future,
    tracking_statuschange_new, tracking_statuschange_evidence_settled, tracking_statuschange_complete,
    tracking_statuschange_positioned, tracking_act_complete, tracking_record_shows_current,
    tracking_record_begins_not_assessed, tracking_check_record, tracking_check_records, tracking_current_status,
    tracking_current_statuses, tracking_being_redacted CASCADE;
