-- Every object of the schema by kind and name, in PostgreSQL's own words: tables with their columns and the rights that
-- the application has on them, indexes, constraints, triggers and whether they fire, functions, views; and whatever
-- else could stand between a row and its guard: rules, policies, tables that inherit, settings that keep triggers from
-- firing.
SELECT 'table' AS kind, c.relname::text AS name,
       (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                          || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
                          || CASE a.attidentity WHEN '' THEN '' ELSE ' identity' END
                          || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
                          || coalesce(' rights ' || a.attacl::text, ''), ', ' ORDER BY a.attnum)
        FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
       || '; application may '
       || coalesce((SELECT string_agg(DISTINCT r.privilege_type, ', ' ORDER BY r.privilege_type)
                    FROM aclexplode(c.relacl) AS r
                    WHERE r.grantee IN (0, (SELECT oid FROM pg_roles WHERE rolname = 'baiyo_app'))), 'nothing')
       || CASE WHEN pg_has_role('baiyo_app', c.relowner, 'MEMBER') THEN '; application owns it' ELSE '' END
       || CASE WHEN c.relpersistence = 'p' THEN '' ELSE '; not durable' END
       || CASE WHEN c.relrowsecurity THEN '; rows are hidden' ELSE '' END
       || CASE WHEN c.relforcerowsecurity THEN ' from the owner too' ELSE '' END AS sql
FROM pg_class AS c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'index', i.indexname::text, i.indexdef FROM pg_indexes AS i WHERE i.schemaname = 'public'
UNION ALL
SELECT 'constraint', c.conname::text, c.conrelid::regclass || ' ' || pg_get_constraintdef(c.oid)
FROM pg_constraint AS c WHERE c.connamespace = 'public'::regnamespace AND c.conrelid <> 0
UNION ALL
SELECT 'trigger', t.tgname::text, pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'function', p.proname::text, pg_get_functiondef(p.oid)
       || CASE WHEN pg_has_role('baiyo_app', p.proowner, 'MEMBER') THEN '; application owns it' ELSE '' END
       || CASE WHEN p.prosecdef AND has_function_privilege('baiyo_app', p.oid, 'EXECUTE')
               THEN '; application may call it' ELSE '' END
FROM pg_proc AS p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
UNION ALL
SELECT 'view', c.relname::text, pg_get_viewdef(c.oid)
FROM pg_class AS c WHERE c.relkind IN ('v', 'm') AND c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'rule', r.rulename::text, r.definition FROM pg_rules AS r WHERE r.schemaname = 'public'
UNION ALL
SELECT 'policy', p.policyname::text, p.tablename || ' ' || p.permissive || ' ' || p.cmd || ' to '
       || p.roles::text || ' ' || coalesce(p.qual, '') || coalesce(' check ' || p.with_check, '')
FROM pg_policies AS p WHERE p.schemaname = 'public'
UNION ALL
SELECT 'child', i.inhrelid::regclass::text, i.inhparent::regclass::text
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhparent
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
UNION ALL
SELECT 'setting', s.setting, 'of a database or a role'
FROM (SELECT unnest(setconfig) AS setting FROM pg_db_role_setting
      WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))) AS s
WHERE s.setting LIKE 'session_replication_role=%'
ORDER BY 1, 2, 3
