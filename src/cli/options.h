// SPDX-License-Identifier: Apache-2.0
// What a person typed, as plain values: one member per flag, whichever command it belongs to.
#pragma once

#include <string>
#include <vector>

namespace stack::cli {

struct Options {
  // Before or after the verb.
  std::vector<std::string> files;
  std::string project_name;
  std::string project_directory;
  std::vector<std::string> env_files;
  std::vector<std::string> profiles;
  bool all_resources = false;
  bool compatibility = false;
  bool isolated = false;  ///< one of several checkouts
  std::string progress;   ///< auto, tty, plain, json, quiet
  std::string ansi;       ///< auto, always, never
  bool no_ansi = false;
  std::string parallel;             ///< how many steps at once
  bool no_wait = false;             ///< for another command on the same project
  bool progress_on_stdout = false;  ///< COMPOSE_STATUS_STDOUT

  std::vector<std::string> arguments;  ///< positional ones: services, or what the command takes

  // up, down, stop
  bool detach = false;
  bool force_recreate = false;
  bool no_recreate = false;
  bool rerun = false;
  bool renew_anonymous_volumes = false;
  bool no_start = false;
  bool remove_orphans = false;
  bool allow_host_paths = false;
  std::string copy_volumes_from;  ///< project
  bool atomic = false;
  bool locked = false;              ///< only what stack.lock says
  std::vector<std::string> scales;  ///< SERVICE=NUMBER
  bool dry_run = false;
  std::string plan;  ///< file of one to carry out
  bool volumes = false;
  bool now = false;
  bool removed = false;  ///< volume ls
  std::string timeout;   ///< seconds
  std::string trace;     ///< file for it
  bool wait = false;
  std::string wait_timeout;  ///< seconds
  bool always_recreate_deps = false;
  bool abort_on_exit = false;
  bool abort_on_failure = false;
  std::string exit_code_from;
  std::vector<std::string> attach;
  std::vector<std::string> no_attach;
  bool attach_dependencies = false;
  bool yes = false;
  bool menu = false;
  bool watch = false;

  // watch
  bool no_up = false;
  bool prune = false;

  // down
  std::string image;  ///< --rmi: local or all

  // plan
  bool detailed_exitcode = false;
  std::string out;  ///< file to write the plan to
  std::string unit_directory;

  // ps, image ls
  bool all = false;
  bool quiet = false;
  bool services = false;
  std::string format;
  bool no_trunc = false;
  std::vector<std::string> statuses;
  bool orphans = true;

  // logs
  bool details = false;
  std::string line_beginning;  ///< printed before each line, behind its time
  bool follow = false;
  bool timestamps = false;
  bool no_log_prefix = false;
  bool no_color = false;
  std::string tail;
  std::string since;
  std::string at;            ///< what was around then
  std::string between;       ///< A..B
  std::string which_run;     ///< of each container: -1 is the last
  bool with_events = false;  ///< between the lines of logs
  std::string until;
  std::string grep;

  // events
  bool json = false;

  // kill, restart, wait
  std::string signal;
  bool no_deps = false;
  bool down_project = false;

  // stats
  bool no_stream = false;

  // exec
  bool no_tty = false;
  bool privileged = false;
  std::string user;
  std::string workdir;
  std::vector<std::string> environment;
  std::string index;
  bool keeps_input = true;  ///< of exec: standard input is passed on
  bool tty = false;         ///< with -d; else a terminal is used where there is one

  // port
  std::string protocol;
  bool as_variables = false;  ///< port --env
  bool ports = false;         ///< graph

  // run
  std::vector<std::string> entrypoints;  ///< the last one counts; "" is none
  std::vector<std::string> env_from_files;
  std::vector<std::string> mounts;
  std::vector<std::string> publish;
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  std::string name;
  bool service_ports = false;
  bool use_aliases = false;
  bool remove_at_end = false;
  bool keep_stdin = true;

  // rm
  bool stop_first = false;

  // Of one container, whatever its service: its id. Said by `stack container`, never typed.
  std::string container;

  // container run, create: what a service says under the same or a similar name
  std::string hostname, domainname, mac_address, pid_mode, ipc, uts, userns, cgroupns;
  std::string cgroup_parent, restart, runtime, isolation, log_driver, cidfile, stop_signal;
  std::string stop_timeout, blkio_weight, cpu_count, cpus, cpu_shares, cpu_period, cpu_quota;
  std::string cpu_rt_period, cpu_rt_runtime, cpuset_cpus, cpuset_mems, memory_reservation;
  std::string memory_swap, memory_swappiness, oom_score_adj, pids_limit, volume_driver, gpus;
  std::string health_cmd, health_interval, health_retries, health_start_period;
  std::string health_start_interval, health_timeout;
  std::vector<std::string> networks, dns, dns_options, dns_search, expose, long_mounts, tmpfs;
  std::vector<std::string> volumes_from, label_files, group_add, security_opt, devices;
  std::vector<std::string> device_cgroup_rules, sysctls, storage_opt, log_opt, attach_streams;
  std::vector<std::string> blkio_weight_device, device_read_bps, device_read_iops;
  std::vector<std::string> device_write_bps, device_write_iops, env_files_of_container;
  bool init = false;
  bool read_only = false;
  bool oom_kill_disable = false;
  bool no_healthcheck = false;
  bool publish_all = false;
  bool open_stdin = false;
  // container ls, start, rm
  std::string last;
  bool latest = false;
  bool sizes = false;
  bool attach_output = false;

  // build
  bool push = false;
  std::string builder, provenance, sbom;

  std::string debug_image;

  // exec, attach
  std::string detach_keys;
  bool no_stdin = false;
  bool sig_proxy = true;

  // cp, export, commit
  bool archive = false;
  bool follow_link = false;
  bool pause = true;
  std::string author;
  std::string message;

  // config
  bool no_interpolate = false;
  bool no_normalize = false;
  bool no_consistency = false;
  bool no_env_resolution = false;  ///< without effect, as in docker compose 2.40
  bool no_path_resolution = false;
  bool list_volumes = false;
  bool list_images = false;
  bool list_networks = false;
  bool list_profiles = false;
  bool list_models = false;
  bool list_variables = false;
  bool list_environment = false;
  bool lock_image_digests = false;
  bool resolve_image_digests = false;
  std::string hash;
  std::string why;

  // lint
  bool strict = false;
  std::string output;

  // version
  bool short_form = false;

  // network
  std::string driver;
  std::string ipam_driver;
  std::string scope;
  std::vector<std::string> driver_options;
  std::vector<std::string> labels;
  std::vector<std::string> subnets;
  std::vector<std::string> gateways;
  std::vector<std::string> ip_ranges;
  std::vector<std::string> aux_addresses;
  bool internal = false;
  bool ipv4 = true;
  bool ipv6 = false;
  bool attachable = false;
  std::vector<std::string> filters;
  std::string ip;
  std::string ip6;
  std::string gateway_priority;
  std::vector<std::string> aliases;
  std::vector<std::string> links;
  std::vector<std::string> link_local_ips;

  // build, image build
  std::vector<std::string> build_arguments;
  std::vector<std::string> build_contexts;
  std::vector<std::string> tags;
  std::vector<std::string> secrets;
  std::vector<std::string> ssh;
  std::vector<std::string> add_hosts;
  std::vector<std::string> ulimits;
  std::vector<std::string> platforms;
  std::vector<std::string> cache_from;
  std::string target;
  std::string build_network;
  std::string shm_size;
  std::string memory;
  std::string iidfile;
  std::string metadata_file;
  std::vector<std::string> outputs;
  std::string cache_to;
  std::vector<std::string> no_cache_filter;  ///< stages, with commas between them too
  bool pull = false;
  bool with_dependencies = false;
  bool print = false;
  bool check = false;
  bool load = false;
  // up
  bool build = false;
  bool no_build = false;
  bool quiet_build = false;
  bool ignored = false;  ///< flags that docker compose has, and that change nothing

  // image
  std::vector<std::string> changes;
  std::string packages;
  std::string suite;
  bool no_cache = false;
  bool force = false;
  std::string platform;
  std::string input;
  bool digests = false;
  bool human = true;
  bool all_tags = false;
  std::string password;
  bool password_stdin = false;

  // up, pull, push
  std::string pull_policy;
  bool quiet_pull = false;
  bool ignore_pull_failures = false;
  bool ignore_push_failures = false;
  bool ignore_buildable = false;
  bool include_deps = false;

  std::string root;                       ///< of all commands: instead of STACK_ROOT
  std::vector<std::string> command_line;  ///< run: what was typed, for a container of an image
  std::string kind;                       ///< inspect: container, image, volume or network
  bool tree = false;                      ///< image ls
  bool link = false;                      ///< container rm
};

}  // namespace stack::cli
