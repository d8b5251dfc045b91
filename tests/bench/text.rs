//! Realistic log text from a seed: access log lines and syslog lines, mixed. No files, no time.

#![expect(clippy::let_underscore_must_use, reason = "writing to a Vec cannot fail")]

/// Draws numbers: a small PRNG (splitmix64 seeded xorshift*), deterministic per seed.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Rng((z ^ (z >> 31)) | 1)
    }
    pub(crate) fn next(&mut self) -> u64 {
        let mut x = self.0;
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0 = x;
        x.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((self.next() >> 32) * n) >> 32
    }
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
    /// Zipf-like rank in 0..n (small ranks are common), by inverse power of a uniform draw.
    pub(crate) fn zipf(&mut self, n: u64) -> u64 {
        let u = self.unit();
        let r = ((n as f64 + 1.0).powf(u) - 1.0) as u64;
        r.min(n - 1)
    }
}

const UAS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{M}.0.{B}.{P} Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.{S} Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_{S} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.{S} Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{M}.0) Gecko/20100101 Firefox/{M}.0",
    "Mozilla/5.0 (Linux; Android 14; Pixel {S}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{M}.0.{B}.{P} Mobile Safari/537.36",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "curl/7.{M}.{S}",
    "python-requests/2.{S}.0",
    "Go-http-client/1.1",
    "kube-probe/1.{S}",
    "Prometheus/2.{M}.{S}",
];

const SECTIONS: &[&str] = &[
    "api/v1/users",
    "api/v1/orders",
    "api/v2/search",
    "static/js",
    "static/css",
    "images/products",
    "blog",
    "docs/reference",
    "shop/category",
    "shop/item",
    "account",
    "checkout/cart",
    "feed",
    "media/thumbs",
    "graphql",
    "healthz",
    "metrics",
    "login",
    "wp-login.php",
    "assets/fonts",
];

const WORDS: &[&str] = &[
    "red", "blue", "shoe", "table", "lamp", "winter", "summer", "sale", "phone", "cable", "jacket", "garden",
    "kitchen", "mouse", "keyboard", "screen", "paper", "glass", "wood", "steel", "cotton", "music", "video", "travel",
    "berlin", "paris", "tokyo", "release", "update", "guide", "howto", "index", "main", "vendor", "bundle", "theme",
    "avatar", "cover", "header", "report", "invoice",
];

const HOSTS: &[&str] = &["web01", "web02", "db01", "mail01", "bastion", "worker07"];
const USERS: &[&str] = &[
    "root", "admin", "deploy", "postgres", "ubuntu", "alice", "bob", "oracle", "git", "test",
];
const MONTHS: &[&str] = &[
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

pub(crate) struct LogGen {
    r: Rng,
    t: f64,
    clients: Vec<String>,
    uas: Vec<String>,
    paths: Vec<String>,
    pid: [u32; 8],
    upt: f64,
}

impl LogGen {
    pub(crate) fn new(seed: u64) -> Self {
        let mut r = Rng::new(seed);
        let mut clients = Vec::new();
        for i in 0..20_000 {
            if i % 9 == 8 {
                clients.push(format!(
                    "2a{:02x}:{:x}:{:x}:{:x}::{:x}",
                    r.below(256),
                    r.below(65536),
                    r.below(65536),
                    r.below(4096),
                    r.below(65536)
                ));
            } else {
                clients.push(format!(
                    "{}.{}.{}.{}",
                    1 + r.below(222),
                    r.below(256),
                    r.below(256),
                    r.below(256)
                ));
            }
        }
        let mut uas = Vec::new();
        for _ in 0..400 {
            let t = UAS[r.zipf(UAS.len() as u64) as usize];
            uas.push(
                t.replace("{M}", &(100 + r.below(30)).to_string())
                    .replace("{B}", &(5000 + r.below(1500)).to_string())
                    .replace("{P}", &r.below(250).to_string())
                    .replace("{S}", &(1 + r.below(12)).to_string()),
            );
        }
        let mut paths = Vec::new();
        for _ in 0..8_000 {
            let s = SECTIONS[r.zipf(SECTIONS.len() as u64) as usize];
            let a = WORDS[r.below(WORDS.len() as u64) as usize];
            let b = WORDS[r.below(WORDS.len() as u64) as usize];
            paths.push(match r.below(4) {
                0 => format!("/{s}/{a}-{b}-{}", r.below(100_000)),
                1 => format!(
                    "/{s}/{a}/{b}.{}",
                    ["js", "css", "png", "jpg", "html", "woff2"][r.below(6) as usize]
                ),
                2 => format!("/{s}/{}", r.below(1_000_000)),
                _ => format!("/{s}/{a}_{b}"),
            });
        }
        let mut pid = [0; 8];
        for p in pid.iter_mut() {
            *p = 500 + r.below(60_000) as u32;
        }
        LogGen {
            r,
            t: 0.0,
            clients,
            uas,
            paths,
            pid,
            upt: 5000.0,
        }
    }

    fn clock(&mut self) -> (u64, u64, u64, u64) {
        self.t += -0.02 * (1.0 - self.r.unit()).ln();
        self.upt += 0.02;
        let s = self.t as u64;
        (s / 86400, (s / 3600) % 24, (s / 60) % 60, s % 60)
    }

    /// One nginx "combined + request time + upstream + request id" line.
    pub(crate) fn nginx(&mut self, out: &mut Vec<u8>) {
        use std::io::Write;
        let (d, h, m, s) = self.clock();
        let c = self.r.zipf(self.clients.len() as u64) as usize;
        // a client keeps its browser: the agent follows the client
        let ua = if self.r.below(20) == 0 {
            self.r.zipf(400)
        } else {
            (c as u64 * 7919) % 400
        } as usize;
        let p = self.r.zipf(self.paths.len() as u64) as usize;
        let method = match self.r.below(20) {
            0..=15 => "GET",
            16..=18 => "POST",
            _ => ["HEAD", "PUT", "DELETE", "OPTIONS"][self.r.below(4) as usize],
        };
        let status = match self.r.below(100) {
            0..=82 => 200,
            83..=88 => 304,
            89..=91 => 301,
            92..=95 => 404,
            96 => 403,
            97 => 500,
            98 => 499,
            _ => 502,
        };
        let bytes = if status == 304 {
            0
        } else {
            (self.r.unit().powi(6) * 900_000.0) as u64 + self.r.below(600)
        };
        let rt = self.r.unit().powi(5) * 2.0;
        let q = match self.r.below(6) {
            0 => format!("?page={}", 1 + self.r.zipf(200)),
            1 => format!(
                "?q={}+{}&sort=price",
                WORDS[self.r.zipf(41) as usize],
                WORDS[self.r.zipf(41) as usize]
            ),
            2 if self.r.below(2) == 0 => format!("?session={:016x}", self.r.next()),
            _ => String::new(),
        };
        let refr = match self.r.below(3) {
            0 => "-".to_string(),
            1 => "https://www.example.com/".to_string(),
            _ => format!(
                "https://www.example.com{}",
                self.paths[self.r.zipf(self.paths.len() as u64) as usize]
            ),
        };
        let _ = write!(
            out,
            "{} - {} [{:02}/{}/2026:{:02}:{:02}:{:02} +0000] \"{} {}{} HTTP/{}\" {} {} \"{}\" \"{}\" rt={:.3} uct=\"0.00{}\" urt=\"{:.3}\"",
            self.clients[c],
            if self.r.below(40) == 0 {
                USERS[self.r.zipf(10) as usize]
            } else {
                "-"
            },
            1 + d % 28,
            MONTHS[(d / 28 % 12) as usize],
            h,
            m,
            s,
            method,
            self.paths[p],
            q,
            if self.r.below(5) == 0 { "1.1" } else { "2.0" },
            status,
            bytes,
            refr,
            self.uas[ua],
            rt,
            self.r.below(4),
            rt * 0.9,
        );
        if self.r.below(4) == 0 {
            let _ = write!(out, " rid={:016x}{:016x}", self.r.next(), self.r.next());
        }
        out.push(b'\n');
    }

    /// One syslog line out of several daemons' habits.
    pub(crate) fn syslog(&mut self, out: &mut Vec<u8>) {
        use std::io::Write;
        let (d, h, m, s) = self.clock();
        let host = HOSTS[self.r.zipf(6) as usize];
        let _ = write!(
            out,
            "{} {:>2} {:02}:{:02}:{:02} {} ",
            MONTHS[(d / 28 % 12) as usize],
            1 + d % 28,
            h,
            m,
            s,
            host
        );
        let k = self.r.zipf(8) as usize;
        if self.r.below(50) == 0 {
            self.pid[k] = 500 + self.r.below(60_000) as u32;
        }
        let pid = self.pid[k];
        let ip = &self.clients[self.r.zipf(self.clients.len() as u64) as usize];
        let user = USERS[self.r.zipf(10) as usize];
        let port = 1024 + self.r.below(64_000);
        let _ = match k {
            0 => match self.r.below(3) {
                0 => writeln!(
                    out,
                    "sshd[{pid}]: Failed password for invalid user {user} from {ip} port {port} ssh2"
                ),
                1 => writeln!(
                    out,
                    "sshd[{pid}]: Connection closed by authenticating user {user} {ip} port {port} [preauth]"
                ),
                _ => writeln!(
                    out,
                    "sshd[{pid}]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={ip}  user={user}"
                ),
            },
            1 => writeln!(
                out,
                "kernel: [{:.6}] [UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:{:02x}:{:02x}:{:02x}:08:00 SRC={ip} DST=10.0.0.{} LEN={} TOS=0x00 PREC=0x00 TTL={} ID={} PROTO=TCP SPT={port} DPT={} WINDOW={} RES=0x00 SYN URGP=0",
                self.upt,
                self.r.below(256),
                self.r.below(256),
                self.r.below(256),
                self.r.below(20),
                40 + self.r.below(4) * 4,
                40 + self.r.below(200),
                self.r.below(65536),
                [22, 23, 80, 443, 3389, 5900, 8080][self.r.zipf(7) as usize],
                1024 * self.r.below(64)
            ),
            2 => writeln!(
                out,
                "systemd[1]: Started Session {} of user {user}.",
                self.r.below(100_000)
            ),
            3 => writeln!(out, "postfix/smtpd[{pid}]: connect from unknown[{ip}]"),
            4 => writeln!(
                out,
                "postfix/smtp[{pid}]: {:010X}: to=<{user}{}@example.org>, relay=mx{}.example.org[{ip}]:25, delay={:.1}, delays=0.{}/0/{:.2}/{:.2}, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {:010X})",
                self.r.next() >> 24,
                self.r.below(3000),
                self.r.below(4),
                self.r.unit() * 9.0,
                self.r.below(100),
                self.r.unit(),
                self.r.unit(),
                self.r.next() >> 24
            ),
            5 => writeln!(
                out,
                "CRON[{pid}]: ({user}) CMD (   cd / && run-parts --report /etc/cron.hourly)"
            ),
            6 => writeln!(
                out,
                "dockerd[{pid}]: time=\"2026-01-{:02}T{h:02}:{m:02}:{s:02}.{:09}Z\" level=info msg=\"ignoring event\" container={:016x}{:016x}{:016x}{:016x} module=libcontainerd namespace=moby topic=/tasks/delete type=\"*events.TaskDelete\"",
                1 + d % 28,
                self.r.below(1_000_000_000),
                self.r.next(),
                self.r.next(),
                self.r.next(),
                self.r.next()
            ),
            _ => writeln!(
                out,
                "app[{pid}]: {{\"level\":\"{}\",\"ts\":{}.{:06},\"caller\":\"{}/{}.go:{}\",\"msg\":\"request done\",\"trace_id\":\"{:016x}\",\"user_id\":{},\"elapsed_ms\":{:.3},\"path\":\"{}\"}}",
                ["info", "warn", "error", "debug"][self.r.zipf(4) as usize],
                1_767_225_600 + self.t as u64,
                self.r.below(1_000_000),
                WORDS[self.r.below(41) as usize],
                WORDS[self.r.below(41) as usize],
                self.r.below(900),
                self.r.next(),
                self.r.zipf(200_000),
                self.r.unit().powi(4) * 900.0,
                self.paths[self.r.zipf(self.paths.len() as u64) as usize]
            ),
        };
    }

    /// Fill `out` with about `n` bytes: runs of access log and of syslog lines, mixed.
    pub(crate) fn fill(&mut self, out: &mut Vec<u8>, n: usize) {
        let end = out.len() + n;
        while out.len() < end {
            if self.r.below(10) < 7 {
                self.nginx(out);
            } else {
                self.syslog(out);
            }
        }
        out.truncate(end);
        if let Some(l) = out.last_mut() {
            *l = b'\n';
        }
    }
}
