//! `[files]`.

use frontdesk::config::{Config, Environment, Sources};
use frontdesk_files::{Addressing, Place};

fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let environment = Environment::new(variables.iter().map(owned));
    let sources = Sources {
        environment,
        ..Sources::default()
    };
    Config::read(&sources).map_err(|error| error.to_string())
}

#[test]
fn files_lie_in_the_data_directory_unless_said_otherwise() {
    let data = ("FRONTDESK__SERVER__DATA_DIR", "/data");
    for (url, expected) in [
        (None, "/data/files"),
        (Some("file://attached"), "/data/attached"),
        (Some("file:///srv/files"), "/srv/files"),
    ] {
        let url = url.map(|url| ("FRONTDESK__FILES__URL", url));
        let variables: Vec<_> = [data].into_iter().chain(url).collect();
        match read(&variables).unwrap().files.place.unwrap().value {
            Place::Folder(folder) => assert_eq!(folder.to_str(), Some(expected)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn processes_on_a_database_have_no_folder_that_nobody_named() {
    let database = [
        ("DATABASE_URL", "postgres://ann@db/app"),
        (
            "FRONTDESK__SERVER__SECRET",
            "a secret of the tests, long enough",
        ),
    ];
    assert!(read(&database).unwrap().files.place.is_none());
    let named = ("FRONTDESK__FILES__URL", "file:///srv/files");
    let variables: Vec<_> = database.into_iter().chain([named]).collect();
    match read(&variables).unwrap().files.place.unwrap().value {
        Place::Folder(folder) => assert_eq!(folder.to_str(), Some("/srv/files")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bucket_is_named_by_its_url() {
    let bucket = [
        ("FRONTDESK__FILES__URL", "s3://chat-files/front/desk/"),
        ("FRONTDESK__FILES__ENDPOINT", "http://127.0.0.1:9000"),
        ("FRONTDESK__FILES__ACCESS_KEY_ID", "id"),
        ("FRONTDESK__FILES__SECRET_ACCESS_KEY", "very secret"),
        ("AWS_REGION", "eu-central-1"),
    ];
    let place = read(&bucket).unwrap().files.place.unwrap();
    assert!(!format!("{place:?}").contains("very secret"));
    let Place::S3(s3) = place.value else {
        panic!("{place:?}");
    };
    assert_eq!(
        (s3.bucket.as_str(), s3.prefix.as_str()),
        ("chat-files", "front/desk")
    );
    assert_eq!(s3.addressing, Addressing::Path);
    let region = ("AWS_REGION".to_owned(), "eu-central-1".to_owned());
    assert!(s3.environment.contains(&region));
    let Place::S3(s3) = read(&bucket[..1]).unwrap().files.place.unwrap().value else {
        panic!("a bucket");
    };
    assert_eq!(s3.addressing, Addressing::Host);
}

#[test]
fn what_means_nothing_is_refused() {
    let cases: [(&[(&str, &str)], &str); 5] = [
        (
            &[("FRONTDESK__FILES__URL", "ftp://there")],
            "s3://BUCKET/PREFIX",
        ),
        (&[("FRONTDESK__FILES__TYPES", "png")], "media types such as"),
        (
            &[("FRONTDESK__FILES__MAX_BYTES", "0")],
            "a number of bytes from 1",
        ),
        (&[("FRONTDESK__FILES__REGION", "eu")], "is for a bucket"),
        (
            &[
                ("FRONTDESK__FILES__URL", "s3://bucket"),
                ("FRONTDESK__FILES__ACCESS_KEY_ID", "id"),
            ],
            "belong together",
        ),
    ];
    for (variables, expected) in cases {
        let error = read(variables).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
