// SPDX-License-Identifier: Apache-2.0
// The floor: what the kernel charges for the containers that stack starts, and nothing else. It
// asks for the same namespaces, cgroups, mounts, masks, links, capabilities and filter, runs
// /bin/true in each, waits, and takes everything away again. It checks nothing that it need not,
// reads no configuration, knows one kind of container, and trusts its arguments: not a runtime, a
// yardstick.
//
//   floor FILTER IMAGE STATE RUN CGROUP BRIDGE COUNT
//
// FILTER  the seccomp program, bytes as for seccomp(2)   IMAGE   directory of the read-only layer
// STATE   where upper directories are made (a disk)      RUN     where /etc files are made (memory)
// CGROUP  group below each hierarchy, which exists       BRIDGE  exists, in 10.211.0.0/16
// COUNT   containers at once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/if_link.h>
#include <linux/keyctl.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/veth.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

enum { most = 1000, hierarchies = 5 };

static const char* const v1_names[hierarchies] = {"cpu", "cpuacct", "memory", "devices", "pids"};

struct container {
  char upper[256], work[256], files[256];
  char groups[hierarchies + 1][256];  // v1, then v2
  int tasks[hierarchies];
  int unified, control, pidfd;
};

static struct {
  struct sock_fprog filter;
  const char *image, *state, *run, *cgroup, *bridge;
  int v1[hierarchies];  // is mounted
  char unified[64];     // mount point of the v2 tree
} with;

// Any failure is the end of the measurement.
static long must(long result, const char* what) {
  if (result >= 0) return result;
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  _exit(125);
}

static void put(const char* path, const char* text) {
  const int file = (int)must(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644), path);
  must(write(file, text, strlen(text)), path);
  close(file);
}

// ---- netlink: several requests in one packet

struct packet {
  _Alignas(8) char bytes[2048];
  unsigned size, requests;
};

static struct nlmsghdr* begin(struct packet* p, int type, int flags, const void* header,
                              unsigned size) {
  struct nlmsghdr* message = (void*)(p->bytes + p->size);
  *message = (struct nlmsghdr){.nlmsg_type = (uint16_t)type,
                               .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags),
                               .nlmsg_seq = ++p->requests};
  memcpy(NLMSG_DATA(message), header, size);
  p->size += NLMSG_SPACE(size);
  return message;
}

static struct rtattr* attribute(struct packet* p, int type, const void* value, unsigned size) {
  struct rtattr* added = (void*)(p->bytes + p->size);
  *added = (struct rtattr){.rta_type = (uint16_t)type, .rta_len = (uint16_t)RTA_LENGTH(size)};
  if (size > 0) memcpy(RTA_DATA(added), value, size);
  p->size += RTA_SPACE(size);
  return added;
}

static void end_nest(struct packet* p, struct rtattr* nest) {
  nest->rta_len = (uint16_t)(p->bytes + p->size - (char*)nest);
}

static void end(struct packet* p, struct nlmsghdr* message) {
  message->nlmsg_len = (uint32_t)(p->bytes + p->size - (char*)message);
}

static void transact(int socket, struct packet* p, const char* what) {
  must(send(socket, p->bytes, p->size, 0), what);
  for (unsigned answered = 0; answered < p->requests;) {
    char answers[4096];
    int size = (int)must(recv(socket, answers, sizeof answers, 0), what);
    for (struct nlmsghdr* m = (void*)answers; NLMSG_OK(m, size); m = NLMSG_NEXT(m, size)) {
      errno = -((struct nlmsgerr*)NLMSG_DATA(m))->error;
      must(errno == 0 ? 0 : -1, what);
      ++answered;
    }
  }
}

// A pair: one end up on the bridge, the other as eth0 in the namespace of `pid`.
static void plug(int socket, int bridge, int number, pid_t pid) {
  char name[16];
  // The link of a former run may still be dying: its name is taken until then.
  snprintf(name, sizeof name, "f%d-%d", getpid(), number);
  const uint32_t namespace = (uint32_t)pid;
  const struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP}, inside = {0};
  struct packet p = {0};
  struct nlmsghdr* message = begin(&p, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up, sizeof up);
  attribute(&p, IFLA_IFNAME, name, (unsigned)strlen(name) + 1);
  attribute(&p, IFLA_MASTER, &bridge, sizeof bridge);
  struct rtattr* info = attribute(&p, IFLA_LINKINFO, NULL, 0);
  attribute(&p, IFLA_INFO_KIND, "veth", 5);
  struct rtattr* data = attribute(&p, IFLA_INFO_DATA, NULL, 0);
  struct rtattr* peer = attribute(&p, VETH_INFO_PEER, &inside, sizeof inside);
  attribute(&p, IFLA_IFNAME, "eth0", 5);
  attribute(&p, IFLA_NET_NS_PID, &namespace, sizeof namespace);
  end_nest(&p, peer);
  end_nest(&p, data);
  end_nest(&p, info);
  end(&p, message);
  transact(socket, &p, "veth");
}

// In the container: both links up, address, default route.
static void configure_links(int number) {
  const int socket_fd =
      (int)must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "netlink");
  struct ifreq request = {.ifr_name = "eth0"};
  must(ioctl(socket_fd, SIOCGIFINDEX, &request), "eth0");
  const uint32_t index = (uint32_t)request.ifr_ifindex;
  const uint32_t address = htonl(0x0ad30002U + (uint32_t)number), gateway = htonl(0x0ad30001U);
  const struct ifinfomsg lo = {.ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  const struct ifinfomsg eth = {.ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  const struct ifaddrmsg where = {.ifa_family = AF_INET, .ifa_prefixlen = 16, .ifa_index = index};
  const struct rtmsg route = {.rtm_family = AF_INET,
                              .rtm_table = RT_TABLE_MAIN,
                              .rtm_protocol = RTPROT_BOOT,
                              .rtm_type = RTN_UNICAST};
  struct packet p = {0};
  end(&p, begin(&p, RTM_NEWLINK, 0, &lo, sizeof lo));
  end(&p, begin(&p, RTM_NEWLINK, 0, &eth, sizeof eth));
  struct nlmsghdr* message = begin(&p, RTM_NEWADDR, NLM_F_CREATE, &where, sizeof where);
  attribute(&p, IFA_LOCAL, &address, sizeof address);
  end(&p, message);
  message = begin(&p, RTM_NEWROUTE, NLM_F_CREATE, &route, sizeof route);
  attribute(&p, RTA_GATEWAY, &gateway, sizeof gateway);
  attribute(&p, RTA_OIF, &index, sizeof index);
  end(&p, message);
  transact(socket_fd, &p, "address and route");
  close(socket_fd);
}

// ---- in the container, from clone to exec

static void mount_on(const char* type, const char* target, unsigned long flags,
                     const char* options) {
  must(mount(type, target, type, flags, options), target);
}

static void make_devices(void) {
  static const struct {
    const char* path;
    unsigned major, minor;
  } nodes[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
               {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
  static const char* const links[][2] = {
      {"pts/ptmx", "dev/ptmx"},          {"/proc/self/fd", "dev/fd"},
      {"/proc/self/fd/0", "dev/stdin"},  {"/proc/self/fd/1", "dev/stdout"},
      {"/proc/self/fd/2", "dev/stderr"}, {"/proc/kcore", "dev/core"}};
  for (size_t i = 0; i < COUNT_OF(nodes); ++i)
    must(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)), "mknod");
  for (size_t i = 0; i < COUNT_OF(links); ++i) must(symlink(links[i][0], links[i][1]), "symlink");
  for (const char* const* each = (const char* const[]){"dev/pts", "dev/shm", "dev/mqueue", NULL};
       *each; ++each)
    must(mkdir(*each, 0755), *each);
}

static void mount_cgroups(void) {
  const unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  int any = 0;
  for (int i = 0; i < hierarchies; ++i) any |= with.v1[i];
  if (!any) {
    mount_on("cgroup2", "sys/fs/cgroup", flags, NULL);
    return;
  }
  char path[64];
  mount_on("tmpfs", "sys/fs/cgroup", flags & ~MS_RDONLY, "mode=755");
  for (int i = 0; i < hierarchies; ++i) {
    if (!with.v1[i]) continue;
    snprintf(path, sizeof path, "sys/fs/cgroup/%s", v1_names[i]);
    must(mkdir(path, 0755), path);
    mount_on("cgroup", path, flags, v1_names[i]);
  }
  if (*with.unified) {
    must(mkdir("sys/fs/cgroup/unified", 0755), "unified");
    mount_on("cgroup2", "sys/fs/cgroup/unified", flags, NULL);
  }
  must(mount(NULL, "sys/fs/cgroup", NULL, MS_REMOUNT | MS_BIND | flags, NULL), "sys/fs/cgroup");
}

static void bind_file(const char* directory, const char* name) {
  char from[300], to[64];
  snprintf(from, sizeof from, "%s/%s", directory, name);
  snprintf(to, sizeof to, "etc/%s", name);
  if (access(to, F_OK) != 0) close((int)must(open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0644), to));
  must(mount(from, to, NULL, MS_BIND, NULL), to);
}

static void build_root(const struct container* c) {
  char options[1024];
  snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s", with.image, c->upper,
           c->work);
  must(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "slave");
  // On something that every machine has: only this namespace sees it covered.
  mount_on("overlay", "/sys", 0, options);
  must(chdir("/sys"), "/sys");
  const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  mount_on("proc", "proc", flags, NULL);
  mount_on("tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
  make_devices();
  mount_on("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
  mount_on("tmpfs", "dev/shm", flags, "mode=1777,size=67108864");
  mount_on("mqueue", "dev/mqueue", flags, NULL);
  mount_on("sysfs", "sys", flags | MS_RDONLY, NULL);
  mount_cgroups();
  bind_file(c->files, "hosts");
  bind_file(c->files, "resolv.conf");
  bind_file(c->files, "hostname");
  must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
  must(umount2(".", MNT_DETACH), "umount");
  must(chdir("/"), "/");
}

static void mask(const char* path) {
  struct stat info;
  if (lstat(path, &info) != 0) return;
  if (S_ISDIR(info.st_mode))
    mount_on("tmpfs", path, MS_RDONLY, NULL);
  else
    must(mount("/dev/null", path, NULL, MS_BIND, NULL), path);
}

static void make_read_only(const char* path) {
  if (access(path, F_OK) != 0) return;
  must(mount(path, path, NULL, MS_BIND | MS_REC, NULL), path);
  const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  must(mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | flags, NULL), path);
}

static void hide_the_host(void) {
  static const char* const masked[] = {
      "/proc/acpi",        "/proc/asound",  "/proc/interrupts",
      "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
      "/proc/sched_debug", "/proc/scsi",    "/proc/timer_list",
      "/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap"};
  static const char* const fixed[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                      "/proc/sysrq-trigger"};
  put("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
  put("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
  for (size_t i = 0; i < COUNT_OF(masked); ++i) mask(masked[i]);
  for (size_t i = 0; i < COUNT_OF(fixed); ++i) make_read_only(fixed[i]);
}

static void set_capabilities(uint64_t bits) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const struct __user_cap_data_struct low = {(uint32_t)bits, (uint32_t)bits, 0};
  const struct __user_cap_data_struct data[2] = {low, {0, 0, 0}};
  must(syscall(SYS_capset, &header, data), "capset");
}

static void drop_privileges(void) {
  static const int kept[] = {CAP_CHOWN,   CAP_DAC_OVERRIDE, CAP_FSETID,           CAP_FOWNER,
                             CAP_MKNOD,   CAP_NET_RAW,      CAP_SETGID,           CAP_SETUID,
                             CAP_SETFCAP, CAP_SETPCAP,      CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT,
                             CAP_KILL,    CAP_AUDIT_WRITE};
  const struct rlimit core = {0, RLIM_INFINITY};
  uint64_t bits = 0;
  for (size_t i = 0; i < COUNT_OF(kept); ++i) bits |= UINT64_C(1) << kept[i];
  setrlimit(RLIMIT_CORE, &core);
  syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
  must(syscall(SYS_setgroups, 0, NULL), "setgroups");
  for (int i = 0; i <= CAP_LAST_CAP; ++i)
    if ((bits >> i & 1) == 0 && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0) break;
  must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &with.filter), "seccomp");
  set_capabilities(bits);
}

static void be_container(const struct container* c, int number) {
  char word;
  setsid();
  for (int i = 0; i < hierarchies; ++i)
    if (with.v1[i]) must(write(c->tasks[i], "0", 1), "tasks");
  must(unshare(CLONE_NEWCGROUP), "cgroup namespace");
  build_root(c);
  hide_the_host();
  must(sethostname("floor", 5), "host name");
  must(read(c->control, &word, 1) == 1 ? 0 : -1, "control");
  configure_links(number);
  drop_privileges();
  static char *const arguments[] = {"true", NULL}, *const environment[] = {"PATH=/bin", NULL};
  must(execve("/bin/true", arguments, environment), "/bin/true");
}

// ---- outside

static void make_cgroups(struct container* c, int number) {
  char path[300];
  for (int i = 0; i < hierarchies; ++i) {
    if (!with.v1[i]) continue;
    snprintf(c->groups[i], sizeof c->groups[i], "/sys/fs/cgroup/%s/%s/%d", v1_names[i], with.cgroup,
             number);
    must(mkdir(c->groups[i], 0755), c->groups[i]);
    snprintf(path, sizeof path, "%s/tasks", c->groups[i]);
    c->tasks[i] = (int)must(open(path, O_WRONLY | O_CLOEXEC), path);
  }
  if (with.v1[3]) {
    static const char* const rules[] = {"c *:* m",   "b *:* m",    "c 1:3 rwm", "c 1:5 rwm",
                                        "c 1:7 rwm", "c 1:8 rwm",  "c 1:9 rwm", "c 5:0 rwm",
                                        "c 5:2 rwm", "c 136:* rwm"};
    snprintf(path, sizeof path, "%s/devices.deny", c->groups[3]);
    put(path, "a");
    snprintf(path, sizeof path, "%s/devices.allow", c->groups[3]);
    for (size_t i = 0; i < COUNT_OF(rules); ++i) put(path, rules[i]);
  }
  if (*with.unified) {
    snprintf(c->groups[hierarchies], sizeof c->groups[0], "%s/%s/%d", with.unified, with.cgroup,
             number);
    must(mkdir(c->groups[hierarchies], 0755), c->groups[hierarchies]);
    c->unified =
        (int)must(open(c->groups[hierarchies], O_RDONLY | O_DIRECTORY | O_CLOEXEC), "cgroup");
  }
}

static void make_files(struct container* c, int number) {
  static const char* const names[] = {"hosts", "resolv.conf", "hostname"};
  char path[300];
  snprintf(path, sizeof path, "%s/%d", with.state, number);
  must(mkdir(path, 0700), path);
  snprintf(c->upper, sizeof c->upper, "%s/%d/upper", with.state, number);
  snprintf(c->work, sizeof c->work, "%s/%d/work", with.state, number);
  snprintf(c->files, sizeof c->files, "%s/%d", with.run, number);
  must(mkdir(c->upper, 0755), c->upper);
  must(mkdir(c->work, 0755), c->work);
  must(mkdir(c->files, 0755), c->files);
  for (size_t i = 0; i < COUNT_OF(names); ++i) {
    snprintf(path, sizeof path, "%s/%s", c->files, names[i]);
    put(path, "127.0.0.1 localhost\n");
  }
}

static void start(struct container* c, int number, int netlink, int bridge) {
  int ends[2];
  make_files(c, number);
  make_cgroups(c, number);
  must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
  struct clone_args arguments = {.flags = CLONE_PIDFD | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
                                          CLONE_NEWUTS | CLONE_NEWNET,
                                 .pidfd = (uintptr_t)&c->pidfd,
                                 .exit_signal = SIGCHLD};
  if (*with.unified) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = (uint64_t)c->unified;
  }
  c->control = ends[1];
  const pid_t pid = (pid_t)must(syscall(SYS_clone3, &arguments, sizeof arguments), "clone3");
  if (pid == 0) {
    close(ends[0]);
    be_container(c, number);
  }
  close(ends[1]);
  plug(netlink, bridge, number, pid);
  must(write(ends[0], "g", 1), "control");
  close(ends[0]);
  for (int i = 0; i < hierarchies; ++i)
    if (with.v1[i]) close(c->tasks[i]);
  if (*with.unified) close(c->unified);
}

static void await_end(const struct container* c) {
  siginfo_t info;
  must(waitid((idtype_t)P_PIDFD, (id_t)c->pidfd, &info, WEXITED), "waitid");
  must(info.si_code == CLD_EXITED && info.si_status == 0 ? 0 : -1, "the container");
}

// The overlay goes with the last process of its namespace; it leaves a directory in `work` and, of
// what it was made to bind files over, entries in `upper`.
static void clean_up(const struct container* c, int number) {
  static const char* const left[] = {"%s/%d/upper/etc/hosts", "%s/%d/upper/etc/resolv.conf",
                                     "%s/%d/upper/etc/hostname"};
  static const char* const directories[] = {"%s/%d/upper/etc", "%s/%d/upper", "%s/%d/work/work",
                                            "%s/%d/work", "%s/%d"};
  static const char* const files[] = {"%s/%d/hosts", "%s/%d/resolv.conf", "%s/%d/hostname"};
  char path[300];
  for (int i = 0; i <= hierarchies; ++i)
    while (*c->groups[i] != 0 && rmdir(c->groups[i]) != 0)
      must(errno == EBUSY ? 0 : -1, c->groups[i]);
  for (size_t i = 0; i < COUNT_OF(left); ++i) {
    snprintf(path, sizeof path, left[i], with.state, number);
    unlink(path);
  }
  for (size_t i = 0; i < COUNT_OF(directories); ++i) {
    snprintf(path, sizeof path, directories[i], with.state, number);
    rmdir(path);
  }
  for (size_t i = 0; i < COUNT_OF(files); ++i) {
    snprintf(path, sizeof path, files[i], with.run, number);
    unlink(path);
  }
  rmdir(c->files);
}

static void find_cgroups(void) {
  char path[64];
  int any = 0;
  for (int i = 0; i < hierarchies; ++i) {
    snprintf(path, sizeof path, "/sys/fs/cgroup/%s/tasks", v1_names[i]);
    any |= with.v1[i] = access(path, F_OK) == 0;
  }
  snprintf(path, sizeof path, "/sys/fs/cgroup%s/cgroup.procs", any ? "/unified" : "");
  if (access(path, F_OK) == 0)
    snprintf(with.unified, sizeof with.unified, "/sys/fs/cgroup%s", any ? "/unified" : "");
}

static void read_filter(const char* path) {
  static struct sock_filter instructions[BPF_MAXINSNS];
  const int file = (int)must(open(path, O_RDONLY | O_CLOEXEC), path);
  const long size = must(read(file, instructions, sizeof instructions), path);
  close(file);
  with.filter =
      (struct sock_fprog){(unsigned short)((size_t)size / sizeof *instructions), instructions};
}

int main(int argc, char** argv) {
  static struct container containers[most];
  if (argc != 8) must((errno = EINVAL, -1), "floor FILTER IMAGE STATE RUN CGROUP BRIDGE COUNT");
  read_filter(argv[1]);
  with.image = argv[2];
  with.state = argv[3];
  with.run = argv[4];
  with.cgroup = argv[5];
  with.bridge = argv[6];
  const int count = atoi(argv[7]);
  umask(0);
  find_cgroups();
  const int netlink =
      (int)must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "netlink");
  const int bridge = (int)if_nametoindex(with.bridge);
  for (int i = 0; i < count; ++i) start(&containers[i], i, netlink, bridge);
  for (int i = 0; i < count; ++i) await_end(&containers[i]);
  for (int i = 0; i < count; ++i) clean_up(&containers[i], i);
  return 0;
}
