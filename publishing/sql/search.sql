-- The words of a document, for search: English by its stems, Chinese character by character. The same function serves
-- the question (publishing/searching.py spaces it out in the same way).
CREATE FUNCTION publishing_spaced(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(words, '([\u3400-\u9fff\uf900-\ufaff])', ' \1 ', 'g')
$$;

CREATE FUNCTION publishing_search_vector(body jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    -- What hangs on a record (evidence, responses, status changes) is found through its record.
    SELECT CASE WHEN NOT body ? 'record' THEN setweight(to_tsvector('english', publishing_spaced(concat_ws(' ',
               body->>'title_en', body->>'title', body->>'name_en', body->>'short_name_en', body->>'label_en'))), 'A')
        || setweight(to_tsvector('simple', publishing_spaced(concat_ws(' ',
               body->>'title_zh', body->>'name_zh', body->>'label_zh'))), 'A')
        || to_tsvector('english', publishing_spaced(concat_ws(' ',
               body->>'text_en', body->>'summary_en', body->>'definition_en', body->>'gist_en', body->>'shows_en',
               body->>'reason_en', body->>'was_wrong_en', body->>'note_en', body->>'place_en', body->>'quote',
               body->>'publisher')))
        || to_tsvector('simple', publishing_spaced(concat_ws(' ',
               body->>'text_zh', body->>'summary_zh', body->>'definition_zh', body->>'gist_zh', body->>'shows_zh',
               body->>'reason_zh', body->>'was_wrong_zh', body->>'note_zh', body->>'place_zh', body->>'quote'))) END
$$;
