-- The words of a document, for search: English by its stems, Chinese character by character. The same function serves
-- the question (publishing/searching.py spaces it out in the same way).
CREATE OR REPLACE FUNCTION publishing_spaced(words text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    -- Plain ASCII has no Chinese. For the rest, letter by letter takes half as long as a regular expression.
    IF octet_length(words) = char_length(words) THEN
        RETURN words;
    END IF;
    RETURN (
        SELECT string_agg(
            CASE WHEN c BETWEEN U&'\3400' AND U&'\9fff' OR c BETWEEN U&'\f900' AND U&'\faff' THEN ' ' || c || ' ' ELSE c END,
            '' ORDER BY place)
          FROM unnest(string_to_array(words COLLATE "C", NULL)) WITH ORDINALITY AS letters(c, place));
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
