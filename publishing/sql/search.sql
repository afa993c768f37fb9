-- The words of a document, for search: English by its stems, Chinese character by character. The same function serves
-- the question (publishing/searching.py spaces it out in the same way).
CREATE OR REPLACE FUNCTION publishing_spaced(words text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    -- Looking for Chinese costs more than all else here, and plain ASCII has none.
    IF octet_length(words) = char_length(words) THEN
        RETURN words;
    END IF;
    RETURN regexp_replace(words, '([\u3400-\u9fff\uf900-\ufaff])', ' \1 ', 'g');
END $$;

-- Only immutable functions, so that it becomes part of the statement: called, it would cost twice as much. The schema is
-- named, because pg_restore makes tables with an empty search path.
CREATE OR REPLACE FUNCTION publishing_search_vector(body jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    -- What hangs on a record (evidence, responses, status changes) is found through its record.
    SELECT CASE WHEN NOT body ? 'record' THEN
        setweight(to_tsvector('english', public.publishing_spaced(
               coalesce(body->>'title_en', '') || ' ' || coalesce(body->>'title', '') || ' '
            || coalesce(body->>'name_en', '') || ' ' || coalesce(body->>'short_name_en', '') || ' '
            || coalesce(body->>'label_en', ''))), 'A')
     || setweight(to_tsvector('simple', public.publishing_spaced(
               coalesce(body->>'title_zh', '') || ' ' || coalesce(body->>'name_zh', '') || ' '
            || coalesce(body->>'label_zh', ''))), 'A')
     || to_tsvector('english', public.publishing_spaced(
               coalesce(body->>'text_en', '') || ' ' || coalesce(body->>'summary_en', '') || ' '
            || coalesce(body->>'definition_en', '') || ' ' || coalesce(body->>'gist_en', '') || ' '
            || coalesce(body->>'shows_en', '') || ' ' || coalesce(body->>'reason_en', '') || ' '
            || coalesce(body->>'was_wrong_en', '') || ' ' || coalesce(body->>'note_en', '') || ' '
            || coalesce(body->>'place_en', '') || ' ' || coalesce(body->>'quote', '') || ' '
            || coalesce(body->>'publisher', '')))
     || to_tsvector('simple', public.publishing_spaced(
               coalesce(body->>'text_zh', '') || ' ' || coalesce(body->>'summary_zh', '') || ' '
            || coalesce(body->>'definition_zh', '') || ' ' || coalesce(body->>'gist_zh', '') || ' '
            || coalesce(body->>'shows_zh', '') || ' ' || coalesce(body->>'reason_zh', '') || ' '
            || coalesce(body->>'was_wrong_zh', '') || ' ' || coalesce(body->>'note_zh', '') || ' '
            || coalesce(body->>'place_zh', '') || ' ' || coalesce(body->>'quote', ''))) END
$$;
