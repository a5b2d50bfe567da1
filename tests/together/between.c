/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * together/between.c - what others do between two calls of the library: another
 * thread of its process, another process.
 *
 * The linker puts a wrapper around the calls in question (--wrap; see
 * local.mk), in which the test does what the others would.
 */
#include <config.h>

#include <pthread.h>
#include <stdarg.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"

#define CAPACITY 3
#define MS INT64_C(1000000)

/* With 64 bits for files and times on 32, the linker knows these by other
 * names. */
#if defined __GLIBC__ && !defined __LP64__ && defined _TIME_BITS
# define __wrap_openat __wrap_openat64
# define __real_openat __real_openat64
# define __wrap_stat __wrap___stat64_time64
# define __real_stat __real___stat64_time64
# define __wrap_fcntl __wrap___fcntl_time64
# define __real_fcntl __real___fcntl_time64
# define __wrap_posix_fallocate __wrap_posix_fallocate64
# define __real_posix_fallocate __real_posix_fallocate64
#endif

/* ---- a thread opens the queue that another one looks at ---- */

static _Atomic bool opened;
static bool watched;
static pthread_t opener;
static struct procq *late;

static void *open_late(void *arg)
{
	(void)arg;
	late = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	atomic_store(&opened, true);
	return NULL;
}

/* What a look into this test's queue fails with; 0: it does not. */
static int look_fails;

int __real_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...)
{
	/* It opens the queue while the file is open for a look; or has to
	 * wait until that is over, which it is given some time to show. */
	if (watched && strcmp(name, fixture_queue + 1) == 0) {
		watched = false;
		need(pthread_create(&opener, NULL, open_late, NULL) == 0);
		for (int i = 0; i < 100 && !atomic_load(&opened); i++)
			fixture_sleep(2 * MS);
	}
	if (look_fails && strcmp(name, fixture_queue + 1) == 0) {
		errno = look_fails;
		return -1;
	}
	return __real_openat(dir, name, flags);
}

static int visit(const struct procq_found *entry, void *arg)
{
	if (strcmp(entry->object, fixture_queue) == 0)
		*(int *)arg += 1;
	return 0;
}

static void end_elsewhere(pid_t pid)
{
	fixture_end(pid);
	fixture_clean();
}

/* What it lacks is told; what it may not see is left out. */
static void test_scarce_list(void)
{
	static const int lacks[] = { EMFILE, ENFILE, ENOMEM, EINTR };
	int found = 0, bad = 0;

	for (size_t i = 0; i < sizeof(lacks) / sizeof(*lacks); i++) {
		look_fails = lacks[i];
		bad += procq_list(visit, &found) != -lacks[i];
	}
	is_int(bad, 0, "a list that could not be made is an error");
	look_fails = EACCES;
	is_int(procq_list(visit, &found), 0, "one's right to look is not");
	look_fails = 0;
	is_int(found, 0, "what can't be looked into is not in it");
}

static void test_list(void)
{
	int found = 0;
	pid_t pid;

	if (procq_list(visit, &found) == -ENOTSUP) {
		skip("a queue is listed", "none can be, here");
		return;
	}
	pid = fixture_launch(fixture_stay);
	test_scarce_list();
	watched = true;
	is_int(procq_list(visit, &found), 0, "queues are listed");
	ok(!watched, "this one was looked into");
	is_int(found, 1, "and found");
	need(pthread_join(opener, NULL) == 0);
	is_int(fixture_dead_elsewhere(), 0, "a thread that opened it meanwhile lives");
	found = 0;
	is_int(procq_list(visit, &found), 0, "once more");
	is_int(found, 1, "found again, being open");
	is_int(fixture_dead_elsewhere(), 0, "the look at it costs nobody a lock");
	procq_close(late);
	end_elsewhere(pid);
}

/* ---- between a leaver's place and its lock ---- */

static bool stop_at_lock;
static pid_t leaver;

/* With one that has come to see that it is final, and is stopped before it
 * leaves; and its remover is killed when the first wait for it is over. */
static bool visited;
static int64_t kill_at = INT64_MAX;
static struct pq_segment *beside;

/* The leaver stops here, if it has to; in another process this lets it go on
 * until it has ended or stops again. */
static void before_init_lock(void)
{
	static pid_t stopped;
	pid_t pid = leaver;

	if (procq_now() >= kill_at && stopped > 1) {
		kill_at = INT64_MAX;
		need(kill(stopped, SIGKILL) == 0);
	}
	if (stop_at_lock) {
		stop_at_lock = false;
		raise(SIGSTOP);
	}
	if (pid > 1) {
		leaver = 0;
		need(kill(pid, SIGCONT) == 0 &&
		     waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 },
			    WEXITED | WSTOPPED | WNOWAIT) == 0);
		if (!visited)
			return;
		atomic_store(&beside->participants[9].member,
			     pq_member_id(PROCQ_ROLE_CONSUMER, 99));
		stopped = pid;
		kill_at = procq_now() + 550 * MS;
	}
}

/* ---- PID namespaces that can't be distinguished ---- */

/* What happens, once, before the next lock that is taken, after the next that
 * is asked for, before the next object is unlinked. */
static void (*at_lock)(void), (*at_ask)(void), (*at_unlink)(void);

static void happen(void (**what)(void))
{
	void (*it)(void) = *what;

	*what = NULL;
	if (it)
		it();
}

static bool no_proc, no_pids;

int __real_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st)
{
	if (no_proc && strncmp(path, "/proc/", 6) == 0) {
		errno = ENOENT;
		return -1;
	}
	return __real_stat(path, st);
}

int __real_fcntl(int fd, int cmd, ...);
int __wrap_fcntl(int fd, int cmd, ...);
int __wrap_fcntl(int fd, int cmd, ...)
{
	va_list args;
	void *arg;
	int rc;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	/* None that leaves asks for another lock than the init lock. */
	if (cmd == F_SETLK && ((struct flock *)arg)->l_type == F_WRLCK) {
		before_init_lock();
		happen(&at_lock);
	}
	rc = __real_fcntl(fd, cmd, arg);
	/* As it names one of a namespace that is not below this one. */
	if (no_pids && cmd == F_GETLK)
		((struct flock *)arg)->l_pid = 0;
	if (cmd == F_GETLK)
		happen(&at_ask);
	return rc;
}

static void test_namespaces(void)
{
	struct procq *q;
	struct procq_stat s;
	pid_t pid = fixture_launch(fixture_stay);

#if PQ_USE_LINUX
	no_proc = true;
	is_int(fixture_try(&q, PROCQ_ROLE_CONSUMER, 0), -ENOTSUP,
	       "a namespace that can't be seen is none to join in");
	no_proc = false;
#endif
	q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	no_pids = true;
	procq_stat(q, &s);
	no_pids = false;
	is_int(s.dead, 0, "a lock's holder is alive, though it has no pid here");
	is_int(s.consumers, 2, "and is counted");
	procq_close(q);
	end_elsewhere(pid);
#if PQ_USE_LINUX
	no_proc = true;
	is_int(fixture_try(&q, PROCQ_ROLE_PRODUCER, CAPACITY), -ENOTSUP,
	       "nor to make a queue in");
	no_proc = false;
#endif
	ok(!fixture_exists(), "no queue is left");
}

/* ---- a timer that comes again and again ---- */

static bool ticking;

int __real_posix_fallocate(int fd, off_t at, off_t n);
int __wrap_posix_fallocate(int fd, off_t at, off_t n);
int __wrap_posix_fallocate(int fd, off_t at, off_t n)
{
	static int calls;

	/* As if it came in the middle of whatever takes long. */
	if (ticking && n > 8 << 20)
		return calls++ < 1000 ? EINTR : ENOSPC;
	/* And once at the beginning of each that does not. */
	if (ticking && calls++ % 2 == 0)
		return EINTR;
	return __real_posix_fallocate(fd, at, n);
}

static void test_timer(void)
{
	struct procq *q;
	struct stat st;

	ticking = true;
	q = fixture_open(PROCQ_ROLE_PRODUCER, 1 << 17);
	ticking = false;
	ok(fstat(q->seg->fd, &st) == 0 &&
	   (size_t)st.st_size == q->seg->size &&
	   st.st_blocks * 512 >= st.st_size,
	   "all is allocated, in spite of a timer");
	is_int(procq_close(q), 1, "and removed");
}

/* ---- a remover that is stopped half-way ---- */

static int unlinks_left = -1, unlink_signal = SIGSTOP;

static void before_unlink(void)
{
	if (unlinks_left >= 0 && unlinks_left-- == 0)
		raise(unlink_signal);
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
	before_unlink();
	return __real_unlink(path);
}

int __real_shm_unlink(const char *name);
int __wrap_shm_unlink(const char *name);
int __wrap_shm_unlink(const char *name)
{
	before_unlink();
	happen(&at_unlink);
	return __real_shm_unlink(name);
}

static void remove_and_stop(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, CAPACITY);

	unlinks_left = *(int *)arg;
	_exit(procq_close(q) == 1 ? 0 : 1);
}

/* @param done how many names it has unlinked when it is stopped */
static void test_remover(int done)
{
	pid_t remover = fixture_fork(remove_and_stop, &done), next;
	_Atomic int *in = fixture_shared(sizeof(*in));
	int status;

	need(waitpid(remover, &status, WUNTRACED) == remover);
	if (!WIFSTOPPED(status)) {
		is_int(status, 0, "a remover has but one name to unlink");
		return;
	}
	next = fixture_fork(fixture_stay, (void *)in);
	/* It may have to wait for the remover, and is given time to show
	 * that it does not. */
	for (int i = 0; i < 20 && !atomic_load(in); i++)
		fixture_sleep(10 * MS);
	need(remover > 1 && kill(remover, SIGCONT) == 0);
	is_int(fixture_wait(remover), 0, "a remover that was stopped goes on");
	while (!atomic_load(in))
		fixture_sleep(MS);
	ok(fixture_exists(), "what was made meanwhile is there");
	is_int(fixture_consumers_elsewhere(), 1, "with its maker in it");
	end_elsewhere(next);
}

/* One that is killed there: nobody is kept from making another. */
static void test_dead_remover(int done)
{
	pid_t remover = fixture_fork(remove_and_stop, &done);
	struct procq *q;
	int status;

	need(waitpid(remover, &status, WUNTRACED) == remover);
	if (!WIFSTOPPED(status))
		return;
	fixture_end(remover);
	q = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY + 1);
	is_int(procq_capacity(q), CAPACITY + 1, "a remover that was killed");
	is_int(fixture_dead_elsewhere(), 0, "its lock file, if left, guards the next");
	is_int(procq_close(q), 1, "which is removed in its turn");
	ok(!fixture_exists(), "and is gone");
}

/* ---- two leave, and either would remove it ---- */

struct leaving {
	int unlinks;		/* it has done, when the signal comes */
	int signo;		/* 0: none */
};

static void leave_slowly(void *arg)
{
	const struct leaving *l = arg;
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, CAPACITY);

	if (l->signo) {
		unlinks_left = l->unlinks;
		unlink_signal = l->signo;
	}
	stop_at_lock = true;
	_exit(procq_close(q));
}

static pid_t begin_to_leave(struct leaving *l)
{
	pid_t pid = fixture_fork(leave_slowly, l);

	fixture_await_stop(pid);
	return pid;
}

/* @return what procq_remove() says, if the other goes on before the lock */
static int remove_beside(pid_t pid)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, 0);
	int rc;

	beside = q->seg;
	leaver = pid;
	rc = procq_remove(q);
	ok(!leaver, "both have left, and one has the lock");
	is_int(procq_give_back(q, 0), -EINVAL, "the other looks on at most");
	is_int(procq_close(q), 0, "and closes");
	return rc;
}

static void test_two_removers(void)
{
	struct leaving l = { 0 };
	pid_t pid = begin_to_leave(&l);
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, 0);

	is_int(procq_remove(q), 0, "removed before another that leaves");
	procq_close(q);
	need(pid > 1 && kill(pid, SIGCONT) == 0);
	is_int(fixture_wait(pid), 0, "which finds that it is gone");

	pid = begin_to_leave(&l);
	is_int(remove_beside(pid), 1, "removed by one that leaves: it is gone");
	is_int(fixture_wait(pid), 1, "by that one");
	ok(!fixture_exists(), "and it is");
}

/* One of them gets as far as that, and no further. */
static void test_slow_remover(int unlinks)
{
	struct leaving l = { unlinks, SIGKILL };
	pid_t pid = begin_to_leave(&l);

	is_int(remove_beside(pid), unlinks ? 1 : 0,
	       "its remover is killed: it is gone all the same");
	fixture_wait(pid);
	ok(!fixture_exists(), "and it is");
	fixture_clean();

	l.signo = SIGSTOP;
	pid = begin_to_leave(&l);
	is_int(remove_beside(pid), -EINPROGRESS,
	       "its remover is stopped: it can't be removed");
	need(pid > 1 && kill(pid, SIGCONT) == 0);
	is_int(fixture_wait(pid), 1, "it goes on");
	ok(!fixture_exists(), "and has removed it");

	pid = begin_to_leave(&l);
	visited = true;
	is_int(remove_beside(pid), unlinks ? 1 : 0,
	       "stopped, then killed, beside a look: gone all the same");
	visited = false;
	is_int(fixture_wait(pid), -SIGKILL, "when the lock was asked for again");
	ok(!fixture_exists(), "and it is");
	fixture_clean();
}

/* ---- an object is unlinked that was no usable queue ---- */

/* Another process, which waits until it is to open the queue: begun before, as
 * a fork in the middle of a call would have the mutex that its parent has. */
enum { WAITS, GOES, IS_IN };
static _Atomic int *stage;
static pid_t other;

static void open_when_told(void *arg)
{
	at_lock = at_unlink = NULL;
	while (atomic_load(stage) == WAITS)
		fixture_sleep(MS);
	if (*(bool *)arg)
		__real_shm_unlink(fixture_object);
	fixture_open(PROCQ_ROLE_CONSUMER, 0);
	atomic_store(stage, IS_IN);
	fixture_rest(NULL);
}

static bool is_in(void)
{
	for (int i = 0; i < 1000 && atomic_load(stage) != IS_IN; i++)
		fixture_sleep(10 * MS);
	return atomic_load(stage) == IS_IN;
}

static void let_it_in(void)
{
	atomic_store(stage, GOES);
	need(is_in());
}

/* It waits for the lock, and is given some time to show that it does not. */
static void let_it_wait(void)
{
	atomic_store(stage, GOES);
	fixture_sleep(100 * MS);
}

static void open_again(void *arg)
{
	(void)arg;
	fixture_put(offsetof(struct pq_header, state), PQ_OBJECT_OPEN, 8);
}

static void open_again_when_told(void *arg)
{
	while (atomic_load(stage) == WAITS)
		fixture_sleep(MS);
	open_again(arg);
}

/* As one does that joins it in the other namespace. It was forked before: this
 * thread has the mutex, which a fork would wait for. */
static void join_it(void)
{
	atomic_store(stage, GOES);
	need(fixture_wait(other) == 0);
}

static void test_unlink(int want, const char *what)
{
	uint32_t found;

	is_int(procq_unlink(fixture_queue, &found), want, what);
	ok(!at_lock && !at_ask && !at_unlink, "which came about");
	is_int(found, 0, "nobody is found");
}

/* @param replace the other unlinks the object first */
static void test_unlink_beside(bool replace, int want, const char *what)
{
	atomic_store(stage, WAITS);
	other = fixture_fork(open_when_told, &replace);
	test_unlink(want, what);
	ok(is_in(), "the other is in a queue");
	is_int(fixture_consumers_elsewhere(), 1, "that of the name");
	is_int(fixture_dead_elsewhere(), 0, "and alive");
	end_elsewhere(other);
}

static void test_unlinkers(void)
{
	fixture_make("", 0, 0);
	at_lock = let_it_in;
	test_unlink_beside(false, -EALREADY, "finished before the lock");

	fixture_make("hello", 5, 5);
	at_lock = let_it_in;
	test_unlink_beside(true, -EALREADY, "replaced before the lock");

	fixture_make("", 0, 0);
	at_unlink = let_it_wait;
	test_unlink_beside(false, 0, "unlinked before it is finished");

	other = fixture_launch(fixture_stay);
	fixture_put(offsetof(struct pq_header, pid_namespace), 42, 8);
	no_pids = true;
	test_unlink(-EBUSY, "a process of another PID namespace is in it");
	no_pids = false;
	fixture_end(other);
	atomic_store(stage, WAITS);
	other = fixture_fork(open_again_when_told, NULL);
	at_ask = join_it;
	test_unlink(-EBUSY, "one has joined it since it was seen unused");
	ok(fixture_exists(), "so it is still there");
	is_int(procq_unlink(fixture_queue, NULL), 0, "and has left it");
	ok(!fixture_exists(), "it is gone");
}

/* ---- another thread forks while a command is started ---- */

static pid_t stranger;
static bool crowded, inherited;

static void hold(void *arg)
{
	(void)arg;
	fixture_sleep(5000 * MS);
}

/* It has both ends from now on, if only of a fork without an exec. */
static int fork_between(int rc, const int *ends)
{
	if (rc == 0 && crowded) {
		crowded = false;
		stranger = fixture_fork(hold, NULL);
		inherited = !(__real_fcntl(ends[0], F_GETFD) & FD_CLOEXEC) ||
			    !(__real_fcntl(ends[1], F_GETFD) & FD_CLOEXEC);
	}
	return rc;
}

int __real_pipe(int *ends);
int __wrap_pipe(int *ends);
int __wrap_pipe(int *ends)
{
	return fork_between(__real_pipe(ends), ends);
}

int __real_pipe2(int *ends, int flags);
int __wrap_pipe2(int *ends, int flags);
int __wrap_pipe2(int *ends, int flags)
{
	return fork_between(__real_pipe2(ends, flags), ends);
}

static char script[] = "/tmp/procq-test.XXXXXX";

static const char *no_interpreter(void)
{
	static const char text[] = "#!/no/such/interpreter\n";
	int fd = mkstemp(script);

	need(fd >= 0 && write(fd, text, sizeof(text) - 1) > 0 &&
	     fchmod(fd, 0700) == 0);
	close(fd);
	return script;
}

static void test_stranger(const char *path, int want)
{
	const char *const argv[] = { path, NULL };
	struct procq_command command = PROCQ_COMMAND_INIT;
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	int64_t begun = procq_now();

	command.argv = argv;
	command.method = PROCQ_METHOD_FORK;
	crowded = true;
	is_int(procq_spawn(q, &command, NULL), want,
	       "started while another thread forks");
	ok(procq_now() - begun < 4000 * MS, "without waiting for its child");
	ok(!crowded, "which has both ends of the pipe");
#if PQ_USE_PIPE2
	ok(!inherited, "and would lose them by exec");
#endif
	fixture_reap(q);
	is_int(procq_close(q), 1, "closed");
	fixture_end(stranger);
}

int main(void)
{
#if !defined __LP64__ && !defined __wrap_fcntl
	skip_all("the linker knows the calls by other names");
#endif
	stage = fixture_shared(sizeof(*stage));
	/* A shared name: what has one of procq's own is listed without a
	 * look inside. */
	fixture_begin("between");
	snprintf(fixture_object, sizeof(fixture_object), "/%s", fixture_queue);
	memcpy(fixture_queue, fixture_object, sizeof(fixture_queue));
	test_list();
	test_namespaces();
	test_timer();
	test_stranger("/bin/true", 0);
	/* A script whose interpreter is not there: found when executed. */
	test_stranger(no_interpreter(), -ENOENT);
	for (int done = 0; done < 2; done++) {
		test_remover(done);
		test_dead_remover(done);
	}
	test_slow_remover(0);
#if !PQ_USE_SHM_LOCKS
	/* Between the object and its lock file. */
	test_slow_remover(1);
#endif
	test_two_removers();
	test_unlinkers();
	__real_unlink(script);
	return done();
}
