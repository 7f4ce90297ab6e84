//! Names and values of fields and options.

use super::*;

#[test]
fn one_spelling_for_each_value() {
    for (name, text, canonical) in [
        ("flag", "true", Some("true")),
        ("flag", "Yes", Some("true")),
        ("flag", "ON", Some("true")),
        ("flag", "1", Some("true")),
        ("flag", "off", Some("false")),
        ("flag", "No", Some("false")),
        ("flag", "0", Some("false")),
        ("flag", "", None),
        ("flag", "2", None),
        ("count", "7", Some("7")),
        ("count", "+007", Some("7")),
        ("count", "-5", Some("-5")),
        ("count", "-6", None),
        ("count", "501", None),
        ("count", "1.0", None),
        ("count", "99999999999999999999", None),
        ("wait_time", "5", Some("5")),
        ("wait_time", "5.0", Some("5")),
        ("wait_time", "0.250", Some("0.25")),
        ("wait_time", "1e1", Some("10")),
        ("wait_time", "-0", Some("0")),
        ("wait_time", "2147483", Some("2147483")),
        ("wait_time", "2147484", None),
        ("wait_time", "-1", None),
        ("wait_time", "nan", None),
        ("wait_time", "inf", None),
        ("wait_time", "5s", None),
        ("tls_mode", "VERIFY", Some("verify")),
        ("tls_mode", "true", Some("verify")),
        ("tls_mode", "no", Some("off")),
        ("tls_mode", "maybe", None),
        ("note", "", Some("")),
        ("token", " t ", Some(" t ")),
    ] {
        let result = config(&[("db_type", "many"), (name, text)]);
        assert_eq!(result.as_ref().ok().and_then(|config| config.option(name)), canonical, "{name}={text:?}");
        if let Err(error) = result {
            assert!(error.message().starts_with(&format!("option {name:?} cannot have this value")), "{error}");
        }
    }
}

#[test]
fn typed_values() {
    let config = parse("many://?flag=1&count=7&wait_time=0.5&note=5&tls_mode=true");
    assert_eq!(config.option_bool("flag"), Some(true));
    assert_eq!(config.option_integer("count"), Some(7));
    assert_eq!(config.option_duration("wait_time"), Some(Duration::from_millis(500)));
    assert_eq!(config.option_duration("patience"), None);
    assert_eq!(config.option("note"), Some("5"));
    let shown = Json::from(config.options_map(Secrets::Shown));
    assert_eq!(
        shown,
        serde_json::json!({"count": 7, "flag": true, "note": "5", "tls_mode": "verify", "wait_time": 0.5})
    );
}

#[test]
fn names() {
    for (pairs, expected) in [
        (&[("type", "MANYHOSTS")][..], Ok(r#"db_type="many""#)),
        (&[("db_type", "many"), ("user", "u")], Ok(r#"db_type="many" username="u""#)),
        (&[("db_type", "many"), ("patience", "5.0")], Ok(r#"db_type="many" wait_time=5"#)),
        (
            &[("db_type", "one"), ("User ID", "u"), ("TlsMode", "no")],
            Ok(r#"db_type="one" username="u" tls_mode="off""#),
        ),
        (&[("db_type", "many"), ("host", "a,b"), ("port", "1,2")], Ok(r#"db_type="many" host="a,b" port="1,2""#)),
        (&[("host", "h")], Err("\"db_type\" is missing")),
        (&[("db_type", "many"), ("type", "many")], Err("\"db_type\" is given twice")),
        (&[("db_type", "mony")], Err("did you mean \"many\"?")),
        (&[("db_type", "xyz")], Err("this build has many, one, file")),
        (&[("db_type", "file")], Err("A File needs \"path\"")),
        (&[("db_type", "file"), ("database", "x")], Err("no field \"database\"; its fields: \"path\"")),
        (&[("db_type", "many"), ("path", "x")], Err("no field \"path\"")),
        (&[("db_type", "many"), ("user", "u"), ("username", "u")], Err("\"username\" is given twice")),
        (&[("db_type", "many"), ("FLAG", "1")], Err("no option \"FLAG\"")),
        (&[("db_type", "many"), ("zzz", "1")], Err("the options are flag, count, wait_time")),
        (&[("db_type", "many"), ("pasword", "1")], Err("did you mean \"password\"?")),
        (&[("db_type", "many"), ("port", "0")], Err("a whole number from 1 to 65535")),
        (&[("db_type", "many"), ("port", "65536")], Err("a whole number from 1 to 65535")),
        (&[("db_type", "many"), ("port", " 5")], Err("a whole number from 1 to 65535")),
        (&[("db_type", "many"), ("host", "a,b,c"), ("port", "1,2")], Err("2 ports do not fit 3 hosts")),
        (&[("db_type", "one"), ("host", "a,b"), ("port", "1,2")], Err("\"port\" must be")),
        (&[("db_type", "many"), ("host", "a\0b")], Err("\"host\" contains a NUL")),
        (&[("db_type", "many"), ("note", "a\0b")], Err("\"note\" contains a NUL")),
    ] {
        match (config(pairs), expected) {
            (Ok(config), Ok(expected)) => assert_eq!(fields(&config), expected),
            (Err(error), Err(reason)) => assert!(error.message().contains(reason), "{pairs:?}: {error}"),
            (result, _) => panic!("{pairs:?}: {result:?}"),
        }
    }
}

#[test]
fn defaults_fill_what_was_not_given() {
    let config = parse("many://u:@a,b/d?flag=1&note=");
    for (name, text, expected) in [
        ("username", "v", config.clone()),
        ("user", "v", config.clone()),
        ("flag", "no", config.clone()),
        ("password", "p", parse("many://u:p@a,b/d?flag=1&note=")),
        ("port", "1,2", parse("many://u:@a:1,b:2/d?flag=1&note=")),
        ("note", "n", parse("many://u:@a,b/d?flag=1&note=n")),
        ("count", "+3", parse("many://u:@a,b/d?flag=1&note=&count=3")),
    ] {
        assert_eq!(config.with_default(name, text), Ok(expected), "{name}");
    }
    assert!(config.with_default("count", "x").is_err());
    assert!(config.with_default("port", "1,2,3").is_err());
    assert!(config.with_default("path", "x").is_err());
}

#[test]
fn what_was_not_given_is_none() {
    let config = parse("many://");
    assert_eq!((config.host(), config.port(), config.database()), (None, None, None));
    assert_eq!((config.username(), config.password(), config.path()), (None, None, None));
    assert!(config.options().is_empty());
    assert_eq!(config.spec().default_port, Some(1111));
}
