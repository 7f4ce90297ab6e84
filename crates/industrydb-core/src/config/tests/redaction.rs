//! No password and no token is ever shown, and no piece of a text that could be one.

use super::*;

#[test]
fn hidden_forms() {
    let text = "many://u:hunter2@h/d?token=hunter2&note=n";
    let config = parse(text);
    assert_eq!(config.to_uri(Secrets::Shown), "many://u:hunter2@h/d?note=n&token=hunter2");
    assert_eq!(config.to_uri(Secrets::Hidden), "many://u:***@h/d?note=n&token=***");
    assert_eq!(format!("{config:?}"), r#"Config("many://u:***@h/d?note=n&token=***")"#);
    assert_eq!(format!("{:?}", config.password()), "Some(***)");
    let map = config.to_map(Secrets::Hidden);
    assert_eq!((&map["password"], &map["token"]), (&Json::from(HIDDEN), &Json::from(HIDDEN)));
    assert_eq!(parse("many://:@h").to_uri(Secrets::Hidden), "many://:***@h");
}

#[test]
fn refusals_do_not_show_what_could_be_a_password() {
    for text in [
        "u:hunter2@h/d",
        "hunter2",
        "many:u:hunter2@h",
        "mny://u:hunter2@h",
        "many://u:hunter2",
        "many://u:hunter2/d",
        "many://u:hun/hunter2@h/d",
        "many://u:12/hunter2@h/d",
        "many://u:12/hunter2/x@h/d",
        "many://u:12?hunter2@h/d",
        "many://u:12?hunter2=x@h/d",
        "many://u:12?hunter2=x&y=@h/d",
        "many://u:12?hunter2=x",
        "many://u:a@b?hunter2=@h/d",
        "many://u:hunter2%zz@h",
        "many://u:hunter2%00@h",
        "many://u:hunter2@h:x",
        "many://u:hunter2@[::1",
        "many://u:hunter2@h?x=1",
        "many://u:hunter2@h?flag=7",
        "many://h?password=a&hunter2=b",
        "many://h?token=a&hunter2=b",
        "many://h:hunter2",
        "many://h?port=hunter2",
        "many://h?flag=hunter2",
        "many://h;user=u;password=hunter2",
        "jdbc:one://h;user=u;password=hunter2",
        "host=h password=a hunter2 user=u",
        "host=h password=a hunter2=u",
        "host=h password:hunter2=u",
        "host=h password='hunter2",
        "host=h,password=hunter2",
        "user=u;password='hunter2",
        "Server=h;Pwd=a;hunter2=b",
        "Server=h;Pwd=a;hunter2",
        "Server=h;Pwd={hunter2",
        "Server=h;Pwd={a}hunter2",
        "Server=h Uid=u Pwd=hunter2",
        "Server=h,hunter2",
        "Server=np:hunter2",
    ] {
        let message = refusal(text);
        assert!(!message.contains("hunter2"), "{text}: {message}");
    }
}

#[test]
fn an_unknown_name_is_shown_where_it_can_be_none() {
    assert!(refusal("many://u:hunter2@h?nte=1").contains(r#"no option "nte"; did you mean "note"?"#));
    assert!(refusal("host=h nte=1").contains(r#"no option "nte"; did you mean "note"?"#));
    for (text, shown) in [
        ("Server=h;Nte=1;Pwd=a", r#"has no option "Nte"; did you mean "note"?"#),
        ("Server=h;Pwd=a;Nte=1", r#"has no option with name 3 of the string (not shown"#),
        ("Server=h;Pwd={a};Nte=1", r#"has no option with name 3 of the string (not shown"#),
    ] {
        assert!(refusal(text).contains(shown), "{text}: {}", refusal(text));
    }
    let error = config(&[("db_type", "many"), ("password", "hunter2"), ("nte", "1")]).expect_err("unknown name");
    assert_eq!(error.message(), r#"Many Hosts has no option "nte"; did you mean "note"?"#);
    assert_eq!(error.details().backend, Some("many"));
}
