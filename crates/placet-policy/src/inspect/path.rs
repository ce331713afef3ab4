//! File paths whose content opens other doors.

/// Why reading `path` gives more than a document, if it does.
pub(super) fn secret(path: &str) -> Option<&'static str> {
    let path = path.to_lowercase().replace('\\', "/");
    let components: Vec<&str> = path.split('/').filter(|c| !c.is_empty() && *c != ".").collect();
    let file = components.last().copied().unwrap_or("");
    components
        .iter()
        .find_map(|component| secret_directory(component))
        .or_else(|| secret_file(file))
        .or_else(|| secret_place(&path))
}

/// Whether everybody on the machine can put files there, or whoever the files came from.
pub(super) fn is_shared(path: &str) -> bool {
    const SHARED: [&str; 8] = [
        "/tmp",
        "/var/tmp",
        "/private/tmp",
        "/private/var/tmp",
        "/var/folders",
        "/dev/shm",
        "/users/public",
        "/windows/temp",
    ];
    const GUTS: [&str; 4] = [".git", "node_modules", "downloads", "temp"];
    let path = path.trim().to_lowercase().replace('\\', "/");
    let whole = collapse(path.split_once(':').map_or(path.as_str(), |(_, rest)| rest));
    let is_below = |place: &&str| {
        whole.strip_prefix(*place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    SHARED.iter().any(is_below) || path.split('/').any(|component| GUTS.contains(&component))
}

fn secret_directory(component: &str) -> Option<&'static str> {
    match component {
        ".ssh" => Some("it holds SSH keys"),
        ".gnupg" => Some("it holds PGP keys"),
        ".aws" | ".azure" | ".kube" | ".gcloud" | ".oci" => Some("it holds cloud credentials"),
        ".password-store" | "keychains" | "keyrings" => Some("it holds passwords"),
        ".docker" => Some("it holds registry credentials"),
        _ => None,
    }
}

fn secret_file(file: &str) -> Option<&'static str> {
    const CREDENTIALS: &[&str] = &[
        "credentials",
        "credentials.json",
        "credentials.yaml",
        "credentials.yml",
        "secrets.json",
        "secrets.yaml",
        "secrets.yml",
        "secrets.toml",
        "secret.key",
        "service-account.json",
        "application_default_credentials.json",
        "kubeconfig",
        "wp-config.php",
        "terraform.tfstate",
        "terraform.tfvars",
        "master.key",
        "login data",
        "cookies.sqlite",
        "logins.json",
        "key4.db",
    ];
    const DOTFILES: &[&str] = &[
        ".netrc",
        "_netrc",
        ".pgpass",
        ".npmrc",
        ".pypirc",
        ".git-credentials",
        ".htpasswd",
        ".my.cnf",
        ".bash_history",
        ".zsh_history",
        ".psql_history",
        ".mysql_history",
        ".vault-token",
    ];
    let is_environment = file == ".env" || file.starts_with(".env.") || file.ends_with(".env");
    let is_example =
        [".example", ".sample", ".template", ".dist"].iter().any(|e| file.ends_with(e));
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    if is_environment && !is_example {
        Some("it holds an environment with secrets")
    } else if CREDENTIALS.contains(&file) || DOTFILES.contains(&file) {
        Some("it holds credentials")
    } else if file.starts_with("id_") && !file.ends_with(".pub") && file.len() <= 16
        || matches!(extension, "pem" | "key" | "p12" | "pfx" | "jks" | "keystore" | "kdbx" | "ppk")
    {
        Some("it holds a key")
    } else {
        None
    }
}

fn secret_place(path: &str) -> Option<&'static str> {
    const PLACES: &[(&str, &str)] = &[
        ("/etc/shadow", "it holds password hashes"),
        ("/etc/gshadow", "it holds password hashes"),
        ("/etc/sudoers", "it says who may do what"),
        ("/etc/krb5.keytab", "it holds a key"),
        ("/etc/ssl/private", "it holds keys"),
        ("/etc/kubernetes", "it holds cluster credentials"),
        ("/var/run/secrets", "it holds service credentials"),
        ("/run/secrets", "it holds service credentials"),
        ("/dev/", "it is a device"),
        ("gcloud/legacy_credentials", "it holds cloud credentials"),
        ("windows/system32/config/sam", "it holds password hashes"),
    ];
    let is_process = path.contains("/proc/") && (path.contains("environ") || path.contains("/mem"));
    if is_process {
        return Some("it shows another process's memory or environment");
    }
    let normal = collapse(path);
    if ["/dev/null", "/dev/fd/", "/dev/std"].iter().any(|stream| normal.starts_with(stream)) {
        return None;
    }
    PLACES.iter().find(|(place, _)| normal.contains(place)).map(|(_, reason)| *reason)
}

/// `path` without empty, `.` and `..` components, so that `/etc/x/..//shadow` is `/etc/shadow`.
fn collapse(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(component),
        }
    }
    let trailing = if path.ends_with('/') { "/" } else { "" };
    format!("/{}{trailing}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::secret;

    #[test]
    fn secrets_are_told_from_documents() {
        for path in [
            "~/.ssh/id_rsa",
            "/home/a/.aws/credentials",
            ".env",
            "app/.env.production",
            "/etc/shadow",
            "/etc/./x/../shadow",
            "C:\\Users\\a\\.ssh\\config",
            "server.pem",
            "/proc/self/environ",
            "/dev/sda",
            "prod.env",
            "/var/run/secrets/token",
        ] {
            assert!(secret(path).is_some(), "{path}");
        }
        for path in [
            "README.md",
            "/etc/hosts",
            "src/environment.rs",
            ".env.example",
            "id_rsa.pub",
            "docs/keys.md",
            "/home/a/report.csv",
            "",
            "/",
            "..",
            "id_card_scan_of_customer.png",
        ] {
            assert_eq!(secret(path), None, "{path}");
        }
    }
}
