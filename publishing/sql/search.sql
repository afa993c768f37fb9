-- The words of a document, for search: English by its stems, Chinese character by character; publishing/searching.py
-- spaces the question out in the same way. A phrase goes over no Chinese punctuation and over no end of a field: the
-- word zqzq stands there while positions are given, and is taken out in the end.
CREATE OR REPLACE FUNCTION publishing_spaced(words text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    -- Plain ASCII has no Chinese. For the rest, letter by letter takes half as long as a regular expression.
    IF octet_length(words) = char_length(words) THEN
        RETURN words;
    END IF;
    RETURN (
        SELECT string_agg(
            CASE WHEN c BETWEEN U&'\3400' AND U&'\9fff' OR c BETWEEN U&'\f900' AND U&'\faff' THEN ' ' || c || ' '
                 WHEN c IN ('，', '。', '；', '：', '、', '！', '？') THEN ' zqzq '
                 ELSE c END,
            '' ORDER BY place)
          FROM unnest(string_to_array(words COLLATE "C", NULL)) WITH ORDINALITY AS letters(c, place));
END $$;

-- Only immutable functions, so that it becomes part of the statement: called, it would cost twice as much. The schema is
-- named, because pg_restore makes tables with an empty search path.
CREATE OR REPLACE FUNCTION publishing_search_vector(body jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    -- What hangs on a record (evidence, responses, status changes) is found through its record.
    SELECT CASE WHEN NOT body ? 'record' THEN ts_delete(
        setweight(to_tsvector('english', public.publishing_spaced(
               coalesce(' zqzq ' || (body->>'title_en'), '')
            || coalesce(' zqzq ' || (body->>'title'), '')
            || coalesce(' zqzq ' || (body->>'name_en'), '')
            || coalesce(' zqzq ' || (body->>'short_name_en'), '')
            || coalesce(' zqzq ' || (body->>'label_en'), ''))), 'A')
     || setweight(to_tsvector('simple', public.publishing_spaced(
               coalesce(' zqzq ' || (body->>'title_zh'), '')
            || coalesce(' zqzq ' || (body->>'name_zh'), '')
            || coalesce(' zqzq ' || (body->>'label_zh'), ''))), 'A')
     || to_tsvector('english', public.publishing_spaced(
               coalesce(' zqzq ' || (body->>'text_en'), '')
            || coalesce(' zqzq ' || (body->>'summary_en'), '')
            || coalesce(' zqzq ' || (body->>'definition_en'), '')
            || coalesce(' zqzq ' || (body->>'gist_en'), '')
            || coalesce(' zqzq ' || (body->>'shows_en'), '')
            || coalesce(' zqzq ' || (body->>'reason_en'), '')
            || coalesce(' zqzq ' || (body->>'was_wrong_en'), '')
            || coalesce(' zqzq ' || (body->>'note_en'), '')
            || coalesce(' zqzq ' || (body->>'place_en'), '')
            || coalesce(' zqzq ' || (body->>'quote'), '')
            || coalesce(' zqzq ' || (body->>'publisher'), '')))
     || to_tsvector('simple', public.publishing_spaced(
               coalesce(' zqzq ' || (body->>'text_zh'), '')
            || coalesce(' zqzq ' || (body->>'summary_zh'), '')
            || coalesce(' zqzq ' || (body->>'definition_zh'), '')
            || coalesce(' zqzq ' || (body->>'gist_zh'), '')
            || coalesce(' zqzq ' || (body->>'shows_zh'), '')
            || coalesce(' zqzq ' || (body->>'reason_zh'), '')
            || coalesce(' zqzq ' || (body->>'was_wrong_zh'), '')
            || coalesce(' zqzq ' || (body->>'note_zh'), '')
            || coalesce(' zqzq ' || (body->>'place_zh'), '')
            || coalesce(' zqzq ' || (body->>'quote'), ''))), 'zqzq') END
$$;
