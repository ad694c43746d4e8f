//! `causeway serve` as a process: ready, reachable by its owner, alone, and gone when told.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};

use super::Home;

/// A running node; ended with the test.
pub(super) struct Serve {
    child: Child,
    /// What it wrote to its log until it was ready.
    pub(super) said: String,
    /// Kept open, so that the node can go on writing its log.
    _stderr: BufReader<std::process::ChildStderr>,
}

impl Serve {
    /// Starts a node and waits until it says that it is ready.
    pub(super) fn start(home: &Home) -> Self {
        Self::start_with(home, &[])
    }

    /// The same, with further arguments.
    pub(super) fn start_with(home: &Home, more: &[&str]) -> Self {
        let args = ["serve", "--set", "management.listen=127.0.0.1:0"];
        let mut child =
            home.command(&[&args, more].concat()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("ready: ") {
            let read = stderr.read_line(&mut said).unwrap();
            assert_ne!(read, 0, "the node ended early: {said}");
        }
        Self { child, said, _stderr: stderr }
    }

    pub(super) fn terminate(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // Already gone in the good case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_node_is_reached_over_its_socket_and_with_its_token_and_leaves_nothing_behind() {
    let home = Home::with_node();
    let node = Serve::start(&home);
    let ready: serde_json::Value =
        serde_json::from_slice(&std::fs::read(home.path("data/ready.json")).unwrap()).unwrap();
    assert_eq!(ready["pid"], node.child.id());
    let socket = std::fs::metadata(home.path("data/causeway.sock")).unwrap();
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);

    let shown = home.run(&["status", "--json"]).json();
    assert_eq!(shown["participant_id"], "urn:example:a");
    assert_eq!(shown["address"], ready["protocol"]);
    let doctor = home.run(&["doctor"]);
    assert_eq!(doctor.code, 0, "{}{}", doctor.stdout, doctor.stderr);

    let url = ready["management"].as_str().unwrap();
    let token = std::fs::read_to_string(home.path("data/management.token")).unwrap();
    let stranger = Home::new();
    let args = ["--node", url, "status"];
    let check = |token: &str, expected: i32| {
        let ran = stranger.run_with(&args, &[("CAUSEWAY_NODE_TOKEN", token)]);
        assert_eq!(ran.code, expected, "{}", ran.stderr);
    };
    check(token.trim(), 0);
    check("guess", 4);
    check("", 4);

    assert_eq!(node.terminate(), Some(0));
    assert!(!home.path("data/ready.json").exists());
    assert!(!home.path("data/causeway.sock").exists());
}

#[test]
fn a_socket_that_a_dead_node_left_is_replaced_and_a_living_node_is_not() {
    let home = Home::with_node();
    drop(std::os::unix::net::UnixListener::bind(home.path("data/causeway.sock")).unwrap());
    let node = Serve::start(&home);
    let second = home.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 1, "{}", second.stderr);
    assert!(second.stderr.contains("another process has it open"), "{}", second.stderr);
    assert_eq!(home.run(&["status"]).code, 0);
    assert_eq!(node.terminate(), Some(0));
}

#[test]
fn an_offer_is_published_found_by_its_beginning_and_withdrawn_only_when_confirmed() {
    let home = Home::with_node();
    let node = Serve::start(&home);
    home.write("rain.csv", "day,mm\n1,3\n");
    let offer = home.run(&["offer", "publish", "rain.csv", "--title", "Rain", "--json"]).json();
    assert_eq!(offer["media_type"], "text/csv");
    let id = offer["id"].as_str().unwrap().trim_start_matches("urn:uuid:");
    assert_eq!(home.run(&["offer", "show", &id[..13], "--json"]).json(), offer);
    let listed = home.run(&["offer", "list"]).stdout;
    assert!(listed.starts_with(&format!("{id}\t")), "{listed}");
    assert!(listed.contains("\tRain\ttext/csv\t11 B\t"), "{listed}");

    let unconfirmed = home.run(&["offer", "withdraw", id]);
    assert_eq!(unconfirmed.code, 2);
    assert!(unconfirmed.stderr.contains("hint: confirm with --yes"), "{}", unconfirmed.stderr);
    assert_eq!(home.run(&["offer", "withdraw", id, "--yes"]).code, 0);
    assert_eq!(home.run(&["offer", "list"]).stdout, "");
    assert!(home.run(&["offer", "list", "--withdrawn"]).stdout.contains(id));
    assert_eq!(home.run(&["offer", "show", "ffffffff"]).code, 8);
    assert_eq!(node.terminate(), Some(0));
}

#[test]
fn many_files_are_published_from_a_manifest_and_the_command_can_be_run_again() {
    let home = Home::with_node();
    let node = Serve::start(&home);
    home.write("rain.csv", "day,mm\n1,3\n");
    home.write("snow.csv", "day,mm\n1,0\n");
    home.write(
        "all.csv",
        "file,title,title_zh,spatial,time\n\
         rain.csv,Rain,降雨,KE;CH-ZH,2026-01-01/2026-12-31\n\
         missing.csv,Missing,,,\n\
         snow.csv,Snow,,,2026\n",
    );
    let publish = ["offer", "publish", "--from", "all.csv", "--json"];
    let first = home.run(&publish);
    assert_eq!(first.code, 1, "{}", first.stderr);
    assert!(first.stderr.contains("all.csv:3: read missing.csv"), "{}", first.stderr);
    assert!(first.stderr.contains("all.csv:4: time: found"), "{}", first.stderr);
    let listed = home.run(&["offer", "list", "--json"]).json();
    let offers = listed["items"].as_array().unwrap();
    assert_eq!(offers.len(), 1, "{listed}");
    assert_eq!(offers[0]["title"]["zh"], "降雨");
    assert_eq!(offers[0]["spatial"], serde_json::json!(["KE", "CH-ZH"]));
    assert_eq!(offers[0]["temporal"]["end"], "2026-12-31T23:59:59Z");

    home.write("all.csv", "file,title\nrain.csv,Rain\nsnow.csv,Snow\n");
    let second = home.run(&["offer", "publish", "--from", "all.csv"]);
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert!(second.stderr.contains("1 published, 1 unchanged, 0 refused"), "{}", second.stderr);
    // A file that is another one now is not offered under the same dataset.
    home.write("snow.csv", "day,mm\n1,9\n");
    let third = home.run(&["offer", "publish", "--from", "all.csv"]);
    assert_eq!(third.code, 1);
    assert!(third.stderr.contains("all.csv:3: urn:uuid:"), "{}", third.stderr);
    assert_eq!(home.run(&["offer", "publish", "rain.csv", "--from", "all.csv"]).code, 2);
    assert_eq!(home.run(&["offer", "publish"]).code, 2);
    assert_eq!(node.terminate(), Some(0));
}

#[test]
fn a_row_that_no_request_can_hold_is_named_and_the_rest_goes_in() {
    let home = Home::with_node();
    let node = Serve::start(&home);
    home.write("rain.csv", "day,mm\n1,3\n");
    let row = |id: &str, title: &str| {
        let row = serde_json::json!({ "file": "rain.csv", "dataset_id": id, "title": title });
        format!("{row}\n")
    };
    let rows = row("a", "Rain") + &row("b", &"x".repeat(1024 * 1024)) + &row("c", "Snow");
    home.write("all.jsonl", &rows);
    let ran = home.run(&["offer", "publish", "--from", "all.jsonl"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("all.jsonl:2: found a row of "), "{}", ran.stderr);
    assert!(ran.stderr.contains("2 published, 0 unchanged, 1 refused"), "{}", ran.stderr);
    assert_eq!(node.terminate(), Some(0));
}

#[test]
fn an_offer_has_titles_in_any_number_of_languages() {
    let home = Home::with_node();
    let node = Serve::start(&home);
    home.write("rain.csv", "day,mm\n1,3\n");
    let publish = ["offer", "publish", "rain.csv", "--title", "Rain", "--title-lang", "ar=مطر"];
    let more = ["--title-lang", "zh-Hans=降雨", "--description-lang", "ru=Осадки", "--json"];
    let offer = home.run(&[&publish[..], &more].concat()).json();
    let expected = serde_json::json!({ "ar": "مطر", "en": "Rain", "zh-Hans": "降雨" });
    assert_eq!(offer["title"], expected);
    assert_eq!(offer["description"]["ru"], "Осадки");
    assert_eq!(node.terminate(), Some(0));
}
