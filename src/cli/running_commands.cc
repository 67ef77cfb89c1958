// SPDX-License-Identifier: Apache-2.0
#include "cli/running_commands.h"

namespace stack::cli {
namespace {

Flag detach_keys_flag() {
  return {"--detach-keys", &Options::detach_keys,
          "What to type at a terminal to leave the program to itself; ctrl-p,ctrl-q if not given",
          "KEYS"};
}

}  // namespace

Flag index_flag() {
  return {"--index", &Options::index, "Which container of a scaled service", "NUMBER"};
}

Command exec_command() {
  return {
      "exec",
      "Run a command in a running container",
      "stack exec db psql -U postgres",
      Positional::service_and_command,
      "SERVICE",
      {{"-d,--detach", &Options::detach, "Return when it was started"},
       {"-T,--no-tty", &Options::no_tty, "No terminal, even when standard input is one"},
       {"-e,--env", &Options::environment, "Set an environment variable", "KEY=VALUE"},
       {"-u,--user", &Options::user, "Run as this user", "USER"},
       {"-w,--workdir", &Options::workdir, "Run in this directory", "DIRECTORY"},
       {"--privileged", &Options::privileged, "With all capabilities"},
       index_flag(),
       detach_keys_flag(),
       {"-i,--interactive", &Options::keeps_input,
        "Pass our standard input on (the default; --interactive=false)"},
       {"-t,--tty", &Options::tty, "With -d: give it a terminal; else it has one where we have"}},
      run_exec};
}

Command debug_command() {
  return {"debug",
          "Open a shell with another image's tools beside what runs in a container",
          "stack debug --image debian:bookworm web",
          Positional::object_and_words,
          "SERVICE",
          {{"--image", &Options::debug_image,
            "Whose tools; STACK_DEBUG_IMAGE, or busybox, if not given", "IMAGE"},
           {"--pull", &Options::pull_policy, "always, missing or never", "POLICY"},
           {"-T,--no-tty", &Options::no_tty, "No terminal, even when standard input is one"},
           {"-e,--env", &Options::environment, "Set an environment variable", "KEY=VALUE"},
           {"-u,--user", &Options::user, "Run as this user", "USER"},
           {"-w,--workdir", &Options::workdir,
            "Run in this directory; / if not given. The container's files are in /proc/1/root",
            "DIRECTORY"},
           {"--cap-add", &Options::cap_add, "Add a capability", "CAPABILITY"},
           {"--privileged", &Options::privileged, "With all capabilities"},
           index_flag(),
           detach_keys_flag()},
          run_debug};
}

namespace {

std::vector<Flag> event_flags(std::string_view filter_shorthand) {
  return {
      {"--json", &Options::json, "An object a line, with docker compose's fields"},
      {"--format", &Options::format, "json, or a template of {{.Action}} and the like", "FORMAT"},
      {filter_shorthand, &Options::filters,
       "type, event, container, service, image or label; of one key any, of several all",
       "KEY=VALUE"},
      {"--since", &Options::since, "Begin with what happened then (10m, 2026-01-02T15:04:05Z)",
       "TIME"},
      {"--until", &Options::until, "End there", "TIME"}};
}

}  // namespace

Command events_command() {
  return {"events",
          "Show what happens to containers, networks and volumes",
          "stack events --json --since 10m web",
          Positional::any,
          "SERVICE",
          event_flags("--filter"),
          run_events};
}

Command system_events_command() {
  return {"system events",
          "Show what happens to containers, networks and volumes of all stacks",
          "stack system events --filter event=die",
          Positional::none,
          "",
          event_flags("-f,--filter"),
          run_system_events};
}

Command attach_command() {
  return {"attach",
          "Join our standard streams to those of a running container",
          "stack attach --no-stdin web",
          Positional::one,
          "SERVICE",
          {index_flag(),
           {"--no-stdin", &Options::no_stdin, "Only show what it says"},
           {"--sig-proxy", &Options::sig_proxy,
            "Pass signals on to it, if it has no terminal (the default; --sig-proxy=false)"},
           detach_keys_flag()},
          run_attach};
}

Command kill_command() {
  return {"kill",
          "Send a signal to what runs: SIGKILL, if not told otherwise",
          "stack kill -s SIGHUP web",
          Positional::any,
          "SERVICE",
          {{"-s,--signal", &Options::signal, "HUP, SIGUSR1, SIGRTMIN+3, 15", "SIGNAL"},
           {"--remove-orphans", &Options::remove_orphans,
            "Send it to containers of services that are not in the file, too"}},
          run_kill};
}

Command restart_command() {
  return {"restart",
          "Stop and start containers; changes of the file take no effect",
          "stack restart -t 3 web",
          Positional::any,
          "SERVICE",
          {{"-t,--timeout", &Options::timeout,
            "Seconds to wait for a container to stop before killing it", "SECONDS"},
           {"--no-deps", &Options::no_deps,
            "Leave services alone that want to be restarted with those named"}},
          run_restart};
}

Command pause_command() {
  return {"pause",           "Hold all processes of containers where they are",
          "stack pause web", Positional::any,
          "SERVICE",         {},
          run_pause};
}

Command unpause_command() {
  return {"unpause",           "Let containers go on that are paused",
          "stack unpause web", Positional::any,
          "SERVICE",           {},
          run_unpause};
}

Command wait_command() {
  return {
      "wait",           "Wait until the containers of services have ended; their exit code is ours",
      "stack wait job", Positional::at_least_one,
      "SERVICE",        {{"--down-project", &Options::down_project, "Take the stack down then"}},
      run_wait};
}

Command top_command() {
  return {"top",           "List the processes of the containers, with the host's pids",
          "stack top web", Positional::any,
          "SERVICE",       {},
          run_top};
}

Command stats_command() {
  return {"stats",
          "Show what the containers use of CPU, memory, network and disks, second by second",
          "stack stats --no-stream --format '{{.Name}} {{.CPUPerc}}'",
          Positional::any,
          "SERVICE",
          {{"-a,--all", &Options::all, "Show stopped containers too"},
           {"--no-stream", &Options::no_stream, "Print once"},
           {"--no-trunc", &Options::no_trunc, "Do not shorten ids"},
           {"--format", &Options::format,
            "table, 'table TEMPLATE', json, or a template of {{.Name}} and the like", "FORMAT"}},
          run_stats};
}

Command port_command() {
  return {"port",
          "Print where a port of a service is published; all of them without PORT",
          "stack port web 80",
          Positional::any,
          "SERVICE [PORT]",
          {{"--protocol", &Options::protocol, "tcp (the default), udp or sctp", "PROTOCOL"},
           {"--env", &Options::as_variables,
            "Print all as variables: WEB_PORT=20480; of this service, or of all"},
           index_flag()},
          run_port};
}

Command hosts_command() {
  return {"hosts",
          "Print containers' addresses with names like web.shop.stack, in the form of /etc/hosts",
          "stack hosts | sudo tee -a /etc/hosts",
          Positional::any,
          "SERVICE",
          {{"-a,--all", &Options::all, "Of every stack on this machine"},
           {"--format", &Options::format, "hosts (the default) or json", "FORMAT"}},
          run_hosts};
}

}  // namespace stack::cli
