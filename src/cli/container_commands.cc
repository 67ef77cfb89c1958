// SPDX-License-Identifier: Apache-2.0
#include "cli/container_commands.h"

namespace stack::cli {
namespace {

/// `list` and, behind it, `more`.
std::vector<Flag> joined(std::vector<Flag> list, const std::vector<Flag>& more) {
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

Flag detach_keys_flag() {
  return {"--detach-keys", &Options::detach_keys,
          "What to type at a terminal to leave it to itself; ctrl-p,ctrl-q if not given", "KEYS"};
}
Flag sig_proxy_flag() {
  return {"--sig-proxy", &Options::sig_proxy,
          "Pass signals on to it (the default; --sig-proxy=false)"};
}
Flag time_flag() {
  return {"-t,--time,--timeout", &Options::timeout, "Seconds to wait before killing it", "SECONDS"};
}
Flag signal_flag(std::string_view help) {
  return {"-s,--signal", &Options::signal, help, "SIGNAL"};
}

Flag restart_flag() {
  return {"--restart", &Options::restart, "no, always, unless-stopped or on-failure[:N]", "POLICY"};
}

std::vector<Flag> process_flags() {
  return {
      {"-i,--interactive", &Options::open_stdin, "Keep its standard input open, and pass ours on"},
      {"-t,--tty", &Options::tty, "Give it a terminal"},
      {"-e,--env", &Options::environment, "Set an environment variable", "KEY[=VALUE]"},
      {"--env-file", &Options::env_files_of_container, "Set those of a file", "FILE"},
      {"--entrypoint", &Options::entrypoints, "Instead of the image's; '' is none", "PROGRAM"},
      {"-u,--user", &Options::user, "Run as this user", "USER[:GROUP]"},
      {"--group-add", &Options::group_add, "A further group", "GROUP"},
      {"-w,--workdir", &Options::workdir, "Run in this directory", "DIRECTORY"},
      {"--init", &Options::init, "A process 1 that passes signals on and reaps"},
      {"--stop-signal", &Options::stop_signal, "What asks it to end", "SIGNAL"},
      {"--stop-timeout", &Options::stop_timeout, "Seconds to wait before killing it", "SECONDS"}};
}

std::vector<Flag> identity_flags() {
  return {
      {"--name", &Options::name, "Its name; two words if not given", "NAME"},
      {"-l,--label", &Options::labels, "Something to be found by", "KEY=VALUE"},
      {"--label-file", &Options::label_files, "Labels of a file", "FILE"},
      {"--cidfile", &Options::cidfile, "Write its id to a file", "FILE"},
      {"-h,--hostname", &Options::hostname, "Its host name", "NAME"},
      {"--domainname", &Options::domainname, "Its domain name", "NAME"},
      {"--rm", &Options::remove_at_end, "Remove it, with its anonymous volumes, when it has ended"},
      restart_flag(),
      {"--pull", &Options::pull_policy, "always, missing or never", "POLICY"},
      {"--platform", &Options::platform, "Of the image, linux/arm64", "PLATFORM"},
      {"-q,--quiet", &Options::quiet, "Do not tell what is fetched"},
      {"--allow-host-paths", &Options::allow_host_paths,
       "Mount paths of the host that make a container its master"}};
}

std::vector<Flag> storage_flags() {
  return {{"-v,--volume", &Options::mounts, "Mount a volume or a directory",
           "[SOURCE:]TARGET[:OPTIONS]"},
          {"--mount", &Options::long_mounts, "The same in words: type=bind,src=/a,dst=/b,readonly",
           "MOUNT"},
          {"--tmpfs", &Options::tmpfs, "A directory in memory", "PATH[:OPTIONS]"},
          {"--volumes-from", &Options::volumes_from, "All that another container has mounted",
           "CONTAINER[:ro]"},
          {"--volume-driver", &Options::volume_driver, hidden, "NAME"},
          {"--read-only", &Options::read_only, "Nothing can be written but to mounts"},
          {"--shm-size", &Options::shm_size, "Size of /dev/shm", "BYTES"},
          {"--storage-opt", &Options::storage_opt, "size=BYTES of its root", "KEY=VALUE"}};
}

std::vector<Flag> network_flags() {
  return {
      {"-p,--publish", &Options::publish, "Publish a port", "[[IP:]HOST:]CONTAINER[/PROTOCOL]"},
      {"-P,--publish-all", &Options::publish_all, "Publish all ports that the image exposes"},
      {"--expose", &Options::expose, "A port that it listens on", "PORT"},
      {"--network,--net", &Options::networks,
       "bridge, host, none, container:NAME, a network, or name=NETWORK,alias=A,ip=ADDRESS",
       "NETWORK"},
      {"--network-alias,--net-alias", &Options::aliases, "A name for others in the network",
       "NAME"},
      {"--ip", &Options::ip, "Its address", "ADDRESS"},
      {"--ip6", &Options::ip6, "Its IPv6 address", "ADDRESS"},
      {"--link-local-ip", &Options::link_local_ips, "A further address", "ADDRESS"},
      {"--mac-address", &Options::mac_address, "Its hardware address", "ADDRESS"},
      {"--link", &Options::links, "Another container, by a name of one's own", "CONTAINER[:NAME]"},
      {"--dns", &Options::dns, "A name server", "ADDRESS"},
      {"--dns-option,--dns-opt", &Options::dns_options, "An option of the resolver", "OPTION"},
      {"--dns-search", &Options::dns_search, "A domain to search", "DOMAIN"},
      {"--add-host", &Options::add_hosts, "A name and its address", "NAME:ADDRESS"}};
}

std::vector<Flag> security_flags() {
  return {
      {"--privileged", &Options::privileged, "With all capabilities and devices"},
      {"--cap-add", &Options::cap_add, "Give it a capability", "NAME"},
      {"--cap-drop", &Options::cap_drop, "Take a capability away", "NAME"},
      {"--security-opt", &Options::security_opt, "no-new-privileges, seccomp=FILE, ...", "OPTION"},
      {"--device", &Options::devices, "A device of the host", "PATH[:PATH[:rwm]]"},
      {"--device-cgroup-rule", &Options::device_cgroup_rules, "c 1:3 mr", "RULE"},
      {"--gpus", &Options::gpus, "all, a number, or device=ID", "GPUS"},
      {"--sysctl", &Options::sysctls, "A kernel parameter", "KEY=VALUE"},
      {"--ulimit", &Options::ulimits, "nofile=1024:2048", "NAME=SOFT[:HARD]"},
      {"--pid", &Options::pid_mode, "host, or container:NAME", "MODE"},
      {"--ipc", &Options::ipc, "private, host, shareable, none or container:NAME", "MODE"},
      {"--uts", &Options::uts, "host", "MODE"},
      {"--userns", &Options::userns, "host or auto", "MODE"},
      {"--cgroupns", &Options::cgroupns, "host or private", "MODE"},
      {"--cgroup-parent", &Options::cgroup_parent, "The cgroup above its own", "PATH"},
      {"--runtime", &Options::runtime, "native, runc or crun: all of them are stack's own", "NAME"},
      {"--isolation", &Options::isolation, hidden, "NAME"}};
}

/// Those that can be changed while it runs.
std::vector<Flag> changeable_limit_flags() {
  return {
      {"-m,--memory", &Options::memory, "Most memory", "BYTES"},
      {"--memory-reservation", &Options::memory_reservation, "Memory it shall keep", "BYTES"},
      {"--memory-swap", &Options::memory_swap, "Memory and swap together; -1: no limit", "BYTES"},
      {"--cpus", &Options::cpus, "Most processors", "NUMBER"},
      {"-c,--cpu-shares", &Options::cpu_shares, "Its share when processors are busy", "NUMBER"},
      {"--cpu-period", &Options::cpu_period, "Of its limit, in microseconds", "NUMBER"},
      {"--cpu-quota", &Options::cpu_quota, "Time in a period, in microseconds", "NUMBER"},
      {"--cpu-rt-period", &Options::cpu_rt_period, "Of its real-time limit", "NUMBER"},
      {"--cpu-rt-runtime", &Options::cpu_rt_runtime, "Real time in a period", "NUMBER"},
      {"--cpuset-cpus", &Options::cpuset_cpus, "Processors that it may run on", "LIST"},
      {"--cpuset-mems", &Options::cpuset_mems, hidden, "LIST"},
      {"--pids-limit", &Options::pids_limit, "Most processes", "NUMBER"},
      {"--blkio-weight", &Options::blkio_weight, "10 to 1000", "NUMBER"}};
}

std::vector<Flag> update_flags() {
  std::vector<Flag> flags = changeable_limit_flags();
  flags.push_back(restart_flag());
  return flags;
}

std::vector<Flag> limit_flags() {
  return {
      {"--memory-swappiness", &Options::memory_swappiness, "0 to 100", "NUMBER"},
      {"--oom-kill-disable", &Options::oom_kill_disable, "Never kill it for memory"},
      {"--oom-score-adj", &Options::oom_score_adj, "-1000 to 1000", "NUMBER"},
      {"--blkio-weight-device", &Options::blkio_weight_device, "The same of one device",
       "PATH:NUMBER"},
      {"--device-read-bps", &Options::device_read_bps, "Bytes a second", "PATH:BYTES"},
      {"--device-read-iops", &Options::device_read_iops, "Operations a second", "PATH:NUMBER"},
      {"--device-write-bps", &Options::device_write_bps, "Bytes a second", "PATH:BYTES"},
      {"--device-write-iops", &Options::device_write_iops, "Operations a second", "PATH:NUMBER"}};
}

std::vector<Flag> health_and_log_flags() {
  return {
      {"--health-cmd", &Options::health_cmd, "A command that tells whether it is healthy",
       "COMMAND"},
      {"--health-interval", &Options::health_interval, "Between two of them", "DURATION"},
      {"--health-timeout", &Options::health_timeout, "Most time for one", "DURATION"},
      {"--health-retries", &Options::health_retries, "Failures until it is unhealthy", "NUMBER"},
      {"--health-start-period", &Options::health_start_period, "Failures do not count until then",
       "DURATION"},
      {"--health-start-interval", &Options::health_start_interval, "Between two until then",
       "DURATION"},
      {"--no-healthcheck", &Options::no_healthcheck, "Not even the image's"},
      {"--log-driver", &Options::log_driver, "json-file, local, syslog, journald or none", "NAME"},
      {"--log-opt", &Options::log_opt, "max-size=10m, max-file=3", "KEY=VALUE"}};
}

}  // namespace

std::vector<Flag> making_flags() {
  std::vector<Flag> flags = process_flags();
  for (auto* more : {identity_flags, storage_flags, network_flags, security_flags,
                     changeable_limit_flags, limit_flags, health_and_log_flags})
    flags = joined(std::move(flags), more());
  return flags;
}

namespace {

Command container_run_command() {
  return {
      "container run",
      "Run an image in a container of its own, without a compose file",
      "stack container run --rm -it debian:12 bash",
      Positional::object_and_words,
      "IMAGE",
      joined({{"-d,--detach", &Options::detach, "Leave it to itself, and print its id"},
              {"-a,--attach", &Options::attach_streams,
               "Join this of its streams alone: stdin, stdout or stderr; may come again", "STREAM"},
              sig_proxy_flag(),
              detach_keys_flag()},
             making_flags()),
      run_container_run};
}

Command container_create_command() {
  return {"container create",
          "The same, and do not start it",
          "stack container create --name web -p 8080:80 nginx",
          Positional::object_and_words,
          "IMAGE",
          making_flags(),
          run_container_create};
}

Command list_command(std::string_view name) {
  return {name,
          "List the containers of all stacks, and those of none",
          "stack container ls -a --filter status=exited",
          Positional::none,
          "",
          {{"-a,--all", &Options::all, "Show stopped containers too"},
           {"-q,--quiet", &Options::quiet, "Print ids only"},
           {"-n,--last", &Options::last, "The last that were made", "NUMBER"},
           {"-l,--latest", &Options::latest, "The last that was made"},
           {"-s,--size", &Options::sizes, "Show what they have written, and that with their image"},
           {"--no-trunc", &Options::no_trunc, "Do not shorten"},
           {"-f,--filter", &Options::filters,
            "name, id, status, label, ancestor, exited, health, before, since, volume, network, "
            "publish or expose",
            "KEY=VALUE"},
           {"--format", &Options::format,
            "table, 'table TEMPLATE', json, or a template of {{.Names}} and the like", "FORMAT"}},
          run_container_list};
}

Command on_containers(std::string_view name, std::string_view help, std::string_view example,
                      std::vector<Flag> flags, int (*run)(const Options&)) {
  return {name, help, example, Positional::at_least_one, "CONTAINER", std::move(flags), run};
}

std::vector<Command> life_commands() {
  return {on_containers(
              "container start", "Start containers that do not run", "stack container start -a job",
              {{"-a,--attach", &Options::attach_output, "Join our standard streams to it"},
               {"-i,--interactive", &Options::open_stdin, "Pass our standard input on"},
               sig_proxy_flag(),
               detach_keys_flag()},
              run_container_start),
          on_containers("container stop", "Stop containers", "stack container stop -t 3 web",
                        {time_flag(), signal_flag("Instead of its own stop signal")},
                        run_container_stop),
          on_containers(
              "container restart", "Stop and start containers", "stack container restart web",
              {time_flag(), signal_flag("Instead of its own stop signal")}, run_container_restart),
          on_containers("container kill", "Send a signal: SIGKILL, if not told otherwise",
                        "stack container kill -s HUP web",
                        {signal_flag("HUP, SIGUSR1, SIGRTMIN+3, 15")}, run_container_kill),
          on_containers("container pause", "Hold all processes of containers where they are",
                        "stack container pause web", {}, run_container_pause),
          on_containers("container unpause", "Let containers go on that are paused",
                        "stack container unpause web", {}, run_container_unpause),
          on_containers("container wait",
                        "Wait until containers have ended, and print their exit codes",
                        "stack container wait job", {}, run_container_wait),
          {"container rm",
           "Remove containers",
           "stack container rm -fv web",
           Positional::any,
           "CONTAINER",
           {{"-f,--force", &Options::force, "Those that run, too"},
            {"-v,--volumes", &Options::volumes,
             "Remove their anonymous volumes too, but for those that others have"},
            {"-a,--all", &Options::all, "All that are of no stack"},
            {"-l,--link", &Options::link, hidden}},
           run_container_remove},
          {"container prune",
           "Remove all stopped containers that are of no stack",
           "stack container prune --filter until=24h",
           Positional::none,
           "",
           {{"-f,--force", &Options::force, "Do not ask"},
            {"--filter", &Options::filters, "until=TIME, label=KEY[=VALUE]", "KEY=VALUE"}},
           run_container_prune}};
}

std::vector<Command> use_commands() {
  return {
      on_containers("container inspect", "Show all that is known of containers, as JSON",
                    "stack container inspect -f '{{.NetworkSettings.IPAddress}}' web",
                    {{"-f,--format", &Options::format,
                      "json, or a template of {{.Id}} and the like", "FORMAT"},
                     {"-s,--size", &Options::sizes, "With SizeRw and SizeRootFs, in bytes"}},
                    run_container_inspect),
      {"container logs",
       "Show what a container printed",
       "stack container logs -f --tail 20 web",
       Positional::one,
       "CONTAINER",
       {{"-f,--follow", &Options::follow, "Go on with what comes"},
        {"-n,--tail", &Options::tail, "Start with the last LINES", "LINES"},
        {"-t,--timestamps", &Options::timestamps, "Show when each line came"},
        {"--since", &Options::since, "Leave out what is older", "TIME"},
        {"--until", &Options::until, "Leave out what is younger", "TIME"},
        {"--details", &Options::details,
         "Before each line the labels and variables that the logging options name"}},
       run_container_logs},
      {"container exec",
       "Run a command in a running container",
       "stack container exec -it web sh",
       Positional::service_and_command,
       "CONTAINER",
       {{"-d,--detach", &Options::detach, "Return when it was started"},
        {"-i,--interactive", &Options::keeps_input,
         "Pass our standard input on (the default; --interactive=false)"},
        {"-t,--tty", &Options::tty, "Give it a terminal"},
        {"-e,--env", &Options::environment, "Set an environment variable", "KEY=VALUE"},
        {"--env-file", &Options::env_files_of_container, "Set those of a file", "FILE"},
        {"-u,--user", &Options::user, "Run as this user", "USER"},
        {"-w,--workdir", &Options::workdir, "Run in this directory", "DIRECTORY"},
        {"--privileged", &Options::privileged, "With all capabilities"},
        detach_keys_flag()},
       run_container_exec},
      {"container attach",
       "Join our standard streams to those of a running container",
       "stack container attach web",
       Positional::one,
       "CONTAINER",
       {{"--no-stdin", &Options::no_stdin, "Only show what it says"},
        sig_proxy_flag(),
        detach_keys_flag()},
       run_container_attach},
      on_containers("container cp", "Copy files between a container and here",
                    "stack container cp web:/etc/hosts .",
                    {{"-a,--archive", &Options::archive, "Keep owner and group of the source"},
                     {"-L,--follow-link", &Options::follow_link, "Copy what the source links to"},
                     {"-q,--quiet", &Options::quiet, "Do not tell what was copied"}},
                    run_container_cp),
      {"container diff",
       "Show which files a container has changed",
       "stack container diff web",
       Positional::one,
       "CONTAINER",
       {},
       run_container_diff},
      on_containers("container port", "Print where ports of a container are published",
                    "stack container port web 80", {}, run_container_port),
      {"container top",
       "List the processes of a container, by what ps(1) is asked for behind its name",
       "stack container top web -o pid,args",
       Positional::object_and_words,
       "CONTAINER [OPTION OF ps...]",
       {},
       run_container_top},
      {"container export",
       "Write the files of a container as a tar archive",
       "stack container export -o web.tar web",
       Positional::one,
       "CONTAINER",
       {{"-o,--output", &Options::output, "Write to a file", "FILE"}},
       run_container_export},
      {"container commit",
       "Make an image of a container",
       "stack container commit -m 'with tools' web web:debug",
       Positional::at_least_one,
       "CONTAINER [NAME[:TAG]]",
       {{"-a,--author", &Options::author, "Who made it", "NAME"},
        {"-m,--message", &Options::message, "What it is", "TEXT"},
        {"-c,--change", &Options::changes, "Apply a Dockerfile instruction (CMD, ENV, VOLUME, ...)",
         "INSTRUCTION"},
        {"-p,--pause", &Options::pause, "Pause the container meanwhile; --pause=false: do not"}},
       run_container_commit},
      {"container stats",
       "Show what containers use; without a name all that run",
       "stack container stats --no-stream web",
       Positional::any,
       "CONTAINER",
       {{"-a,--all", &Options::all, "Those that do not run, too"},
        {"--no-stream", &Options::no_stream, "Print once"},
        {"--no-trunc", &Options::no_trunc, "Do not shorten ids"},
        {"--format", &Options::format, "table, json, or a template", "FORMAT"}},
       run_container_stats},
      {"container rename",
       "Give a container that is of no stack another name",
       "stack container rename web old-web",
       Positional::at_least_one,
       "CONTAINER NAME",
       {},
       run_container_rename},
      on_containers("container update",
                    "Other limits, and another restart policy, for containers that are of no stack",
                    "stack container update -m 1g --restart always web", update_flags(),
                    run_container_update)};
}

}  // namespace

std::vector<Command> container_commands() {
  std::vector<Command> all{container_run_command(), container_create_command(),
                           list_command("container ls"), list_command("container ps")};
  for (auto* more : {life_commands, use_commands})
    for (Command& command : more()) all.push_back(std::move(command));
  return all;
}

}  // namespace stack::cli
