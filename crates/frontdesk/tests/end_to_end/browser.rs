//! The page at `/`, in a real browser.

use frontdesk_testkit::skip;

use super::desk::{Desk, threads};
use super::webdriver::{self, Browser};

/// The articles of the log that answer what was asked last.
const LAST: &str =
    "[...document.querySelectorAll('#log article.assistant_message')].at(-1)?.textContent";
const IDLE: &str = "document.querySelector('#stop').hidden";

async fn ask(browser: &Browser, text: &str, answers: usize) {
    browser.write("#text", text).await;
    browser.click("#send").await;
    let count = "document.querySelectorAll('#log article.assistant_message').length";
    browser
        .wait(&format!("{count} === {answers} && {IDLE}"))
        .await;
}

#[tokio::test]
async fn the_page_works_in_a_browser() {
    let (browser, driver) = match webdriver::find() {
        Ok(found) => found,
        Err(reason) => {
            skip::note("frontdesk::the_page_works_in_a_browser", &reason).unwrap();
            return;
        }
    };
    let desk = Desk::demonstration().await;
    let browser = Browser::open(&browser, &driver).await;
    browser.visit(&format!("{}/", desk.server.url())).await;

    ask(&browser, "Add a task: buy milk", 1).await;
    ask(&browser, "What are my tasks?", 2).await;
    browser.wait(&format!("{LAST}?.includes('buy milk')")).await;
    let used = "document.querySelector('#log article.workflow .complete')";
    browser.wait(used).await;

    // What destroys something asks first, in words and with two buttons; the answer takes them away.
    let card = "document.querySelector('#log article.widget')";
    browser.write("#text", "delete task 1").await;
    browser.click("#send").await;
    browser
        .wait(&format!("{card}?.innerText.includes('Id: 1') && {IDLE}"))
        .await;
    browser.click("#log article.widget button").await;
    let decided = format!("{card}.innerText.startsWith('Approved · Delete a task')");
    browser
        .wait(&format!(
            "{decided} && !{card}.querySelector('button') && {IDLE}"
        ))
        .await;
    browser.wait(&format!("{LAST}?.includes('Deleted')")).await;

    // A reload shows the same thread again.
    let log = "document.querySelector('#log').innerText";
    let before = browser.run(&format!("return {log}")).await;
    browser.run("location.reload()").await;
    browser.wait(&format!("{log} === {before}")).await;
    assert_eq!(threads(&desk.client()).await.len(), 1);

    let console = browser.console().await;
    assert!(console.is_empty(), "{console:?}");
    let requested = browser.requested().await;
    let own = format!("{}/", desk.server.url());
    assert!(
        requested.iter().any(|url| url.ends_with("/chatkit")),
        "{requested:?}"
    );
    // What has another scheme, `data:` and `chrome:`, goes nowhere.
    for url in requested.iter().filter(|url| url.contains("://")) {
        assert!(
            url.starts_with(&own) || url.starts_with("chrome://"),
            "{url}"
        );
    }
    browser.close().await;
}
