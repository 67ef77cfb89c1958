// SPDX-License-Identifier: Apache-2.0
#include "spec/catalogue.h"

#include <algorithm>
#include <array>

namespace stack::spec {
namespace {

constexpr std::array kCatalogue = {
    Explanation{
        "alias-cycle", Severity::error, "an alias inside of its own anchor",
        "An alias (*name) stands for the value that carries the anchor (&name). Inside of that "
        "value it would stand for itself, without end. Move the alias out of the value, or "
        "repeat what is needed.",
        "x-base: &base\n  labels:\n    again: *base", "x-labels: &labels\n  again: \"yes\""},
    Explanation{
        "bad-device", Severity::error, "a device that is not in the notation",
        "A device is HOST_PATH[:CONTAINER_PATH[:PERMISSIONS]], the permissions being some of "
        "r, w and m; or a CDI name like vendor.com/class=name.",
        "devices: [\"/dev/ttyUSB0:/dev/tty:q\"]", "devices: [\"/dev/ttyUSB0:/dev/tty:rw\"]"},
    Explanation{
        "bad-env-file", Severity::error, "a line of an env file that cannot be read",
        "Lines of env files are KEY=VALUE, with # for comments, single quotes for text as it "
        "is, and double quotes for text with escapes and variables. The line named is not one "
        "of these: a quote is never closed, or the key has a space or is missing.",
        "MY KEY=1\nNAME=\"open", "MY_KEY=1\nNAME=\"closed\""},
    Explanation{
        "bad-healthcheck", Severity::error, "a health check that cannot work",
        "start_interval is the time between checks during start_period, so it needs a "
        "start_period. A test is one text (run by a shell), or a list that begins with CMD, "
        "CMD-SHELL or NONE.",
        "healthcheck:\n  test: curl -f http://localhost\n  start_interval: 1s",
        "healthcheck:\n  test: curl -f http://localhost\n  start_interval: 1s\n  start_period: "
        "30s"},
    Explanation{
        "bad-logging", Severity::error, "logging that cannot be done as asked",
        "The drivers are json-file, local, none, journald and syslog, with docker's options: of "
        "the "
        "first two max-size (10m, 1g; units are decimal), max-file and compress; of the last two "
        "cache-max-size and cache-max-file, and of syslog syslog-address, syslog-facility and "
        "syslog-format; of all tag, labels, labels-regex, env, env-regex, mode and "
        "max-buffer-size. Others, and other drivers, would send the output where nobody reads it.",
        "logging:\n  driver: fluentd\n  options: {max-size: much}",
        "logging:\n  driver: local\n  options: {max-size: 10m, max-file: \"3\"}"},
    Explanation{
        "bad-merge-key", Severity::error, "a merge key with the wrong value",
        "The key << takes over the keys of a mapping, or of each mapping in a list: usually an "
        "alias. Text, numbers and lists of them have no keys.",
        "<<: base", "<<: *base"},
    Explanation{
        "bad-name", Severity::error, "a name with characters that names do not have",
        "Names of services, networks, volumes, configs, secrets and containers begin with a "
        "letter or digit, and go on with letters, digits, \".\", \"_\" and \"-\".",
        "services:\n  my web: {image: nginx}", "services:\n  my-web: {image: nginx}"},
    Explanation{
        "bad-port", Severity::error, "a port that is not in the notation",
        "A published port is [[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]; HOST and CONTAINER are "
        "numbers from 1 to 65535 or ranges of equal length, PROTOCOL is tcp, udp or sctp. A "
        "name like http is not a number of a port.",
        "ports: [\"80800:80\", \"8080:http\"]", "ports: [\"8080:80\"]"},
    Explanation{
        "bad-ready", Severity::error, "a readiness that cannot come true",
        "x-stack.ready is auto, or one of tcp (a port), unix or file (an absolute path in the "
        "container), http (http://localhost:PORT/PATH, or port and path), log (an extended regular "
        "expression, and a count), exec (a command) and notify: true; each with a timeout, if 60s "
        "are not right.",
        "x-stack:\n  ready: {tcp: 5432, file: run/ready}", "x-stack:\n  ready: {file: /run/ready}"},
    Explanation{
        "bad-value", Severity::error, "a value that the key does not take",
        "The key takes other words or another notation; the message says which. Durations have "
        "units (30s, 1m30s), sizes too (512m, 1.5g), and some keys take one of a few words "
        "only.",
        "restart: allways\nstop_grace_period: 10 seconds",
        "restart: always\nstop_grace_period: 10s"},
    Explanation{
        "bad-volume", Severity::error, "a volume that is not in the notation",
        "A mount is [SOURCE:]TARGET[:OPTIONS]. The target is an absolute path in the "
        "container. A source that begins with ., / or ~ is a path of this machine, another one "
        "the name of a volume. A mount of type image takes the name of an image, and is read-only.",
        "volumes: [\"/data/public:ro\"]", "volumes: [\"/data/public:/data/public:ro\"]"},
    Explanation{
        "cannot-override", Severity::error, "a value of another kind over an earlier one",
        "A later file (or the service that extends another) gives a list where the earlier one "
        "has a mapping, or the other way round, and for this key there is no rule that makes "
        "them one. Write it in the same form, or put !override before the value to replace all "
        "that was there.",
        "", ""},
    Explanation{
        "control-character", Severity::error, "a control character in the file",
        "YAML files are text: below the space only tab, line feed and carriage return may "
        "stand in them. Such a byte often comes from a copy out of a terminal or from a file "
        "in another encoding.",
        "", ""},
    Explanation{"dependency-cycle", Severity::error, "services that wait for one another",
                "Each service of the circle waits for the next one, so none could start. links, "
                "volumes_from and shared namespaces (network_mode: service:NAME) make a dependency "
                "too. Take one of them away.",
                "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}",
                "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x}"},
    Explanation{"duplicate-key", Severity::error, "a key that stands twice in one mapping",
                "The second one would silently win over the first. Join the two, or remove one.",
                "environment: {A: \"1\"}\nports: [\"80:80\"]\nenvironment: {B: \"2\"}",
                "environment: {A: \"1\", B: \"2\"}\nports: [\"80:80\"]"},
    Explanation{
        "duplicate-mount", Severity::error, "two mounts at one path",
        "A path of the container can hold one mount: the later would hide the earlier. volumes "
        "and tmpfs count together.",
        "volumes: [data:/var/lib/data, ./data:/var/lib/data]", "volumes: [data:/var/lib/data]"},
    Explanation{
        "empty-file", Severity::error, "a file without services",
        "There is nothing to run: the file, or all of them together, has no services. Perhaps "
        "the wrong file is read (-f, COMPOSE_FILE).",
        "", ""},
    Explanation{
        "exclusive-keys", Severity::error, "two keys that exclude each other",
        "Both say something about the same thing, so they cannot stand together: network_mode "
        "and networks; external and anything but name of a volume, config or secret.",
        "networks: [front]\nnetwork_mode: host", "networks: [front]"},
    Explanation{"extends-cycle", Severity::error, "a service that extends itself",
                "Following extends from service to service comes back to where it began.", "", ""},
    Explanation{
        "file-not-found", Severity::error, "a file that is named but not there",
        "A file named by include, extends or env_file does not exist. Paths are relative to "
        "the folder of the first file (--project-directory), in an included or extended file "
        "to its own folder. An env file that may be missing is written with required: false.",
        "env_file: local.env", "env_file:\n  - path: local.env\n    required: false"},
    Explanation{"file-too-large", Severity::error, "a file that is too large",
                "The file is larger than any stack file: it is not read. Perhaps it is not one (a "
                "dump, an image).",
                "", ""},
    Explanation{
        "inactive-service", Severity::error, "a dependency in a profile that is not active",
        "The service needs another one that belongs to a profile which is not active, so it "
        "will not be there. Activate the profile (--profile, COMPOSE_PROFILES), or say that it "
        "may be missing.",
        "depends_on: [debugger]",
        "depends_on:\n  debugger:\n    condition: service_started\n    required: false"},
    Explanation{
        "include-conflict", Severity::error, "an included file defines the same thing differently",
        "An included file has a service, network, volume, config or secret of the same name as "
        "the file that includes it, and not the same definition. The same one twice is fine. To "
        "change what is included, name it in an override file (-f), or give include a list of "
        "the file and your changes.",
        "include: [db.yaml]\nservices:\n  db: {image: \"postgres:17\"}",
        "include:\n  - path: [db.yaml, db.mine.yaml]"},
    Explanation{"include-cycle", Severity::error, "files that include each other",
                "Following include from file to file comes back to one that is being read.", "",
                ""},
    Explanation{
        "ineffective-key", Severity::warning, "a key that does nothing here",
        "Another key of the same service or network makes this one meaningless: ports with "
        "network_mode host or none, a test of a health check that is disabled, restart beside "
        "deploy.restart_policy, whatever an external network is to be like. It is not wrong, only "
        "without effect: remove it, so that nobody relies on it.",
        "network_mode: host\nports: [\"80:80\"]", "network_mode: host"},
    Explanation{
        "interpolation", Severity::error, "a ${...} that is not a variable",
        "Variables are $NAME or ${NAME}, with :- - :? ? :+ or + behind the name. A brace that "
        "is never closed, or a name with other characters, is a mistake. Write $$ for a dollar "
        "that is meant as one.",
        "image: nginx:${TAG", "image: nginx:${TAG}"},
    Explanation{
        "job-restarts", Severity::warning, "a job that is started again when it ends",
        "Another service waits until this one has completed, but its restart policy starts it "
        "again each time: it never completes. Use restart: on-failure, or leave restart out.",
        "migrate:\n  restart: always", "migrate:\n  restart: on-failure"},
    Explanation{
        "key-not-text", Severity::error, "a key that is not text",
        "Keys are text. A number, a date or nothing as a key comes from a missing quote or a "
        "stray colon.",
        "labels:\n  80: web", "labels:\n  \"80\": web"},
    Explanation{
        "legacy-file", Severity::warning, "a file from before compose had services",
        "The file has services at its top level, as in the first version of the format. It is "
        "read as docker-compose 1 did: services share no network of their own, but see each "
        "other through links. Move the services below services: to get a network, names and "
        "all newer keys.",
        "web:\n  image: nginx", "services:\n  web:\n    image: nginx"},
    Explanation{"listed-twice", Severity::error, "an item that stands twice in a list",
                "The list is a set: the same item twice means nothing more than once, and is most "
                "often a slip.",
                "extra_hosts: [\"db=10.0.0.1\", \"db=10.0.0.1\"]",
                "extra_hosts: [\"db=10.0.0.1\"]"},
    Explanation{
        "lost-condition", Severity::warning, "a short dependency over a long one",
        "A later file names a dependency in the short form, and an earlier one gave it a "
        "condition. The short form means service_started, so the condition is lost. Write the "
        "long form to keep it.",
        "depends_on: [db]", "depends_on:\n  db: {condition: service_healthy}"},
    Explanation{
        "missing-key", Severity::error, "a key that must be there",
        "The mapping makes no sense without this key: a long volume needs type and target, a "
        "port needs target, extends needs service.",
        "", ""},
    Explanation{
        "missing-value", Severity::error, "a key without a value",
        "The key is there, with nothing behind the colon. Often the lines below it are not "
        "indented, or all of them are comments. Give it a value, or remove it ([] and {} are "
        "empty on purpose).",
        "services:\n  web:\n    image: nginx\n    ports:", "services:\n  web:\n    image: nginx"},
    Explanation{"name-taken", Severity::error, "a container name that is taken twice",
                "Names of containers are unique on a machine; two services have the same "
                "container_name.",
                "", ""},
    Explanation{
        "name-with-scale", Severity::error, "one name for several containers",
        "A service with container_name can have one container only. Leave container_name out "
        "to scale it.",
        "", ""},
    Explanation{
        "no-container", Severity::error, "a service that has no container",
        "A provider runs that service, somewhere: there is no container whose network, "
        "volumes or processes could be shared. depends_on is what reaches it, and what it "
        "says comes as variables.",
        "services:\n  web:\n    image: nginx\n    links: [db]\n  db:\n    provider: {type: cloud}",
        "services:\n  web:\n    image: nginx\n    depends_on: [db]\n  db:\n    provider: {type: "
        "cloud}"},
    Explanation{"no-image", Severity::error, "a service without an image",
                "A service needs an image to run, or a build to make one.",
                "services:\n  web:\n    ports: [\"80:80\"]",
                "services:\n  web:\n    image: nginx\n    ports: [\"80:80\"]"},
    Explanation{
        "no-project-name", Severity::error, "a project without a name",
        "The folder's name has no letter or digit in it, and neither -p, COMPOSE_PROJECT_NAME "
        "nor name: says another.",
        "", ""},
    Explanation{
        "no-shell", Severity::warning, "shell notation in a command that no shell runs",
        "command and entrypoint as text are split into words as a shell does it, but no shell "
        "runs them: ;, &, |, < and > end the command. Call the shell yourself.",
        "command: cat /etc/hosts | sort", "command: [\"sh\", \"-c\", \"cat /etc/hosts | sort\"]"},
    Explanation{
        "not-implemented", Severity::warning, "a key that stack does not support yet",
        "The key belongs to the format, and it was read and checked, but it has no effect yet. "
        "Where the stack would be wrong without it, that is an error when something is to run.",
        "", ""},
    Explanation{
        "not-utf8", Severity::error, "bytes that are not UTF-8",
        "Stack files are UTF-8 text. This one has another encoding at the place named; convert "
        "it (iconv -f latin1 -t utf-8).",
        "", ""},
    Explanation{
        "number-as-text", Severity::warning, "a number that changes when it becomes text",
        "YAML reads the value as a number, and the text made of it is not what stands in the "
        "file: 1.10 becomes 1.1, 0644 becomes 420, 1e3 becomes 1000. Put it in quotes to keep "
        "it.",
        "environment:\n  VERSION: 1.10", "environment:\n  VERSION: \"1.10\""},
    Explanation{
        "obsolete-version", Severity::warning, "the key version",
        "Once it told which version of the format a file is written in. Today there is one, "
        "and the key means nothing. Remove it.",
        "version: \"3.8\"\nservices: {}", "services: {}"},
    Explanation{
        "old-boolean", Severity::warning, "an old word for true or false",
        "The key takes true or false. Words like yes, on and y are understood as older YAML "
        "did, other tools may not do so.",
        "tty: yes", "tty: true"},
    Explanation{
        "open-store", Severity::warning, "a database that everybody may talk to",
        "A port without an address is published on every address of the machine, and whoever "
        "reaches one of them reaches the database; many images have no password to begin with. "
        "Other services of the file need no published port at all: they reach it by its name.",
        "db:\n  ports: [\"5432:5432\"]", "db:\n  ports: [\"127.0.0.1:5432:5432\"]"},
    Explanation{
        "override-passed-over", Severity::warning, "an override file that is not read",
        "Beside the stack file one override file is read: the first of compose.override.yml, "
        "compose.override.yaml, docker-compose.override.yml and docker-compose.override.yaml. "
        "There are several. Remove all but one, or name the files with -f.",
        "", ""},
    Explanation{
        "own-bridge", Severity::warning, "network_mode: bridge",
        "With docker, network_mode: bridge joins a network that all containers of the machine "
        "share. stack has none: the service joins the default network of its own project, where it "
        "also finds the others by their names. Say networks to choose another.",
        "", ""},
    Explanation{
        "port-taken", Severity::error, "a host port that is published twice",
        "Two services publish the same port of this machine, on addresses that overlap. Give "
        "one of them another host port, or leave it out to get a free one.",
        "", ""},
    Explanation{
        "port-with-scale", Severity::error, "one host port for several containers",
        "A host port can lead to one container only, and the service has several. Leave the "
        "host port out, or give a range with a port for each.",
        "ports: [\"8080:80\"]\nscale: 3", "ports: [\"8080-8082:80\"]\nscale: 3"},
    Explanation{
        "required-variable", Severity::error, "a variable that must be set",
        "The file says ${NAME:?message}, which means that it cannot be used without NAME. Set "
        "it in the environment or in the file .env beside the stack file.",
        "", ""},
    Explanation{
        "said-twice", Severity::error, "one thing said twice, and differently",
        "A key of the service and its newer twin below deploy have different values: scale and "
        "deploy.replicas, cpus and deploy.resources.limits.cpus, and so on. Keep one of them.",
        "scale: 2\ndeploy: {replicas: 3}", "deploy: {replicas: 3}"},
    Explanation{
        "sexagesimal", Severity::warning, "a number with a colon that older YAML reads to base 60",
        "Unquoted 22:22 is text here, but a number (1342) for YAML 1.1, as older tools read "
        "it. Put ports in quotes.",
        "ports: [22:22]", "ports: [\"22:22\"]"},
    Explanation{
        "taken-for", Severity::warning, "a value that means something else than it says",
        "The value is not in the notation of its key. docker compose runs such files all the same, "
        "and takes it for what the message says; so does stack. Write that, or what was meant.",
        "restart: \"on-failure:[3]\"\nexpose: [\"3000:3000\"]",
        "restart: \"on-failure:3\"\nexpose: [\"3000\"]"},
    Explanation{
        "too-deep", Severity::error, "values nested too deeply",
        "No stack file nests its values this deeply; it is taken for an attack or an accident.", "",
        ""},
    Explanation{
        "too-many-aliases", Severity::error, "aliases that make too much of a file",
        "Aliases that contain aliases grow without bound: the file is refused before they do.", "",
        ""},
    Explanation{
        "too-many-files", Severity::error, "too many included or extended files",
        "The files that are included and extended, directly and by one another, are more than "
        "is plausible. Perhaps they include each other by different paths.",
        "", ""},
    Explanation{"too-many-ports", Severity::error, "too many published ports",
                "Ranges of ports count one by one, and there are more of them than a machine has.",
                "", ""},
    Explanation{
        "too-much-text", Severity::error, "variables that make too much of a file",
        "A variable with a very long value is used so often that the file would not fit into "
        "memory. What is that long belongs into a file of its own: a config, a secret, or a "
        "bind mount.",
        "", ""},
    Explanation{
        "undefined-config", Severity::error, "a config that is not defined",
        "The service uses a config which the top-level key configs does not have.",
        "services:\n  web:\n    image: nginx\n    configs: [site]",
        "services:\n  web:\n    image: nginx\n    configs: [site]\nconfigs:\n  site: {file: "
        "./site.conf}"},
    Explanation{"undefined-model", Severity::error, "a model that is not defined",
                "The service uses a model which the top-level key models does not have.", "", ""},
    Explanation{
        "undefined-network", Severity::error, "a network that is not defined",
        "The service joins a network which the top-level key networks does not have. Only the "
        "network called default needs no definition.",
        "services:\n  web:\n    image: nginx\n    networks: [front]",
        "services:\n  web:\n    image: nginx\n    networks: [front]\nnetworks:\n  front:"},
    Explanation{
        "undefined-secret", Severity::error, "a secret that is not defined",
        "The service uses a secret which the top-level key secrets does not have.",
        "services:\n  db:\n    image: postgres\n    secrets: [password]",
        "services:\n  db:\n    image: postgres\n    secrets: [password]\nsecrets:\n  password: "
        "{file: ./password.txt}"},
    Explanation{
        "undefined-service", Severity::error, "a service that does not exist",
        "depends_on, links, volumes_from, extends or a shared namespace names a service which "
        "the files do not have. required: false does not help against a wrong name, only "
        "against an inactive profile.",
        "depends_on: [dbb]", "depends_on: [db]"},
    Explanation{
        "undefined-volume", Severity::error, "a volume that is not defined",
        "The service mounts a named volume which the top-level key volumes does not have. If a "
        "folder beside the file is meant, its path begins with ./",
        "services:\n  db:\n    image: postgres\n    volumes: "
        "[\"data:/var/lib/postgresql/data\"]",
        "services:\n  db:\n    image: postgres\n    volumes: "
        "[\"data:/var/lib/postgresql/data\"]\nvolumes:\n  data:"},
    Explanation{
        "unknown-key", Severity::error, "a key that the format does not have",
        "Most often a slip of the fingers, or a key at the wrong depth. Keys of your own begin "
        "with x- and are ignored.",
        "services:\n  web:\n    image: nginx\n    port: [\"80:80\"]",
        "services:\n  web:\n    image: nginx\n    ports: [\"80:80\"]"},
    Explanation{
        "unknown-option", Severity::warning, "an option of a volume that means nothing",
        "The third part of SOURCE:TARGET:OPTIONS takes ro, rw, nocopy, z, Z and the kinds of "
        "propagation. Others are ignored, as docker compose does.",
        "", ""},
    Explanation{
        "unknown-profile", Severity::warning, "a profile that no service has",
        "A profile was asked for (--profile, COMPOSE_PROFILES), but no service names it, so it "
        "changes nothing.",
        "", ""},
    Explanation{
        "unnamed-volume", Severity::warning, "data in a volume without a name",
        "The service mounts an anonymous volume. It is carried over when the container is "
        "recreated, but down removes it from sight: the next up begins with an empty one. Give "
        "it a name if the data matters.",
        "volumes: [/var/lib/data]", "volumes: [\"data:/var/lib/data\"]"},
    Explanation{
        "unset-variable", Severity::warning, "a variable that is not set",
        "A variable without a value and without a default becomes empty. Set it in the "
        "environment or in .env, give it a default (${NAME:-default}), or write $$ if a plain "
        "dollar is meant.",
        "image: nginx:$TAG", "image: nginx:${TAG:-1.27}"},
    Explanation{"untagged-image", Severity::warning, "an image without a tag",
                "Without a tag, latest is meant, which is another image every few weeks. Name the "
                "version that the stack was made for.",
                "image: postgres", "image: postgres:16"},
    Explanation{
        "unused-resource", Severity::warning, "something defined that nobody uses",
        "No service, of whatever profile, uses this network, volume, config or secret: it is "
        "not made.",
        "", ""},
    Explanation{
        "wrong-type", Severity::error, "a value of another kind than the key takes",
        "The key takes text, a number, a list or a mapping, and the value is something else. "
        "Numbers and the like that are meant as text need quotes; a list has - before its "
        "items.",
        "user: 1000\ncommand: 5", "user: \"1000\"\ncommand: \"5\""},
    Explanation{
        "yaml-boolean", Severity::warning, "a word that older YAML takes for true or false",
        "Unquoted yes, no, on and off are text here, but true or false for YAML 1.1, as older "
        "tools read it. Put them in quotes if the word is meant.",
        "environment:\n  DEBUG: on", "environment:\n  DEBUG: \"on\""},
    Explanation{
        "yaml-syntax", Severity::error, "the file is not YAML",
        "The file cannot be read at all from this place on. The usual causes: a tab instead of "
        "spaces, lines of one mapping that begin in different columns, a colon or a quote "
        "inside of text that is not quoted, a key without its colon, a quote or bracket that is "
        "never closed (a file that was cut off, too), the markers of a merge conflict.",
        "services:\n  web:\n    image: nginx\n      ports: [\"80:80\"]",
        "services:\n  web:\n    image: nginx\n    ports: [\"80:80\"]"},
};

}  // namespace

std::span<const Explanation> catalogue() {
  return kCatalogue;
}

const Explanation* find_explanation(std::string_view id) {
  const auto found = std::ranges::find(kCatalogue, id, &Explanation::id);
  return found == kCatalogue.end() ? nullptr : &*found;
}

}  // namespace stack::spec
