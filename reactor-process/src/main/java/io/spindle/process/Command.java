// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.channel.unix.FileDescriptor;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * An immutable description of a program to run: its arguments, directory, environment, streams and limits.
 *
 * <p>Each method returns a new {@code Command}, so one may be kept, shared between threads and run many times. The
 * program is started without a shell: no argument is split or expanded. A program without a slash is looked for on
 * the path of this JVM; one with a slash is relative to {@link #directory(Path)}. Nothing starts before a subscription
 * and each subscription starts a new process, on a thread of its own pool.
 *
 * <p>{@link #exec()}, {@link #lines()} and {@link #output()} end when the process and its output have ended. Output
 * that another process holds open, a daemon that it left behind say, is waited for no longer than
 * {@link #drain(Duration)}. Cancelling them kills the process and its descendants.
 *
 * <p>A signal that this JVM was started to ignore, HUP by {@code nohup} or INT by {@code &} in a script, is ignored by the
 * program too where the JDK starts it; the native engine starts it with no signal ignored or blocked, as Node does.
 * The native engine also makes it the leader of a process group of its own: Ctrl-C on the terminal does not reach it, and a
 * program that asks on the terminal ({@code /dev/tty}: ssh, sudo) is stopped by the system, unless its stdin is
 * {@link Input#inherit()}, which keeps it in the group of this JVM.
 *
 * <p>Node analogue: {@code child_process.spawn} and {@code execFile} with their options.
 *
 * @since 0.1.0
 */
public final class Command {

    /** The highest number of a {@link #descriptor}. */
    static final int MAX_DESCRIPTOR = 255;

    private static final int FIRST_DESCRIPTOR = 3;

    private final CommandDraft values;

    private Command(CommandDraft values) {
        this.values = values;
    }

    /**
     * Describes a program and its arguments.
     *
     * @param program a name to be found on the path, or a path; not empty
     * @param args handed over as they are
     * @throws IllegalArgumentException if the program is empty or anything contains a NUL character
     */
    public static Command of(String program, String... args) {
        List<String> line = new ArrayList<>(args.length + 1);
        line.add(program);
        Collections.addAll(line, args);
        return of(line);
    }

    /**
     * Describes a program and its arguments.
     *
     * @param line the program, then its arguments; not empty, copied
     * @throws IllegalArgumentException if the program is missing or empty or anything contains a NUL character
     */
    public static Command of(List<String> line) {
        if (line.isEmpty() || line.get(0).isEmpty()) {
            throw new IllegalArgumentException("program must not be empty, was " + line);
        }
        return new Command(new CommandDraft(checkedLine(line)));
    }

    /**
     * Describes a script for {@code /bin/sh}, the only way in which a shell takes part. Never put text of unknown
     * origin into it: pass that by {@link #args(String...)}, where the script sees it as {@code "$1"} and so on, or by
     * {@link #env(String, String)}.
     *
     * @param script what {@code /bin/sh -c} runs
     * @throws IllegalArgumentException if it contains a NUL character
     */
    public static Command shell(String script) {
        return of("/bin/sh", "-c", script, "sh");
    }

    /**
     * Describes a program and its arguments in one text, parted as a shell does: at white space that is not quoted.
     * {@code '…'} keeps everything as it is, {@code "…"} all but a backslash before a backslash or a quote, and a backslash
     * outside of quotes keeps the next character. Nothing is expanded and no shell is used.
     *
     * @param text such as {@code git log --format='%H %s'}
     * @throws IllegalArgumentException if a quote is not closed, a backslash ends it, or as {@link #of(List)} says
     */
    public static Command parse(String text) {
        return of(Quoting.parsed(text));
    }

    private static List<String> checkedLine(List<String> line) {
        line.forEach(each -> Checks.noNul("argument", each));
        Checks.batchFile(line);
        return List.copyOf(line);
    }

    private Command with(Consumer<CommandDraft> change) {
        CommandDraft copy = new CommandDraft(values);
        change.accept(copy);
        return new Command(copy);
    }

    /**
     * Appends arguments.
     *
     * @param more handed over as they are
     * @throws IllegalArgumentException if one contains a NUL character
     */
    public Command args(String... more) {
        List<String> line = new ArrayList<>(values.line);
        Collections.addAll(line, more);
        return with(draft -> draft.line = checkedLine(line));
    }

    /**
     * Appends arguments that {@link #toString()} shows as {@code ***}, and so all logs and errors. The program gets them
     * as they are, and {@link #line()} returns them; other users of the machine can see the arguments of a process, so
     * {@link #stdin(Input)} or {@link #env(String, String)}, which are never shown, are better places for a secret.
     *
     * @param more handed over as they are
     * @throws IllegalArgumentException if one contains a NUL character
     */
    public Command secretArgs(String... more) {
        Command longer = args(more);
        return longer.with(draft -> draft.secrets.set(values.line.size(), longer.values.line.size()));
    }

    /**
     * Sets what the program sees as its own name, its first argument: some behave by it, as {@code busybox} and a login shell
     * do. The file that is run stays the first of {@link #line()}; a script that names no interpreter is run without it. Only
     * the native engine can do it: on another one a run fails with {@link UnsupportedOperationException}. Node analogue:
     * {@code argv0}.
     *
     * @param name without NUL. Default: the program as it was given
     * @throws IllegalArgumentException if it contains a NUL character
     */
    public Command argv0(String name) {
        Checks.noNul("argv0", name);
        return with(draft -> draft.argv0 = name);
    }

    /**
     * Gives the program a descriptor of this JVM, under a number above those of the standard streams: a pipe for a program
     * that tells its state on one, a socket that it is to serve. All that it gets no number for are closed in it. Only the
     * native engine can do it: on another one a run fails with {@link UnsupportedOperationException}. Node analogue: the
     * entries of {@code stdio} from the fourth on, without their streams.
     *
     * <p>It stays open here and its caller's to close, not before {@link #spawn()} has emitted; a run fails if it is closed
     * already. Both sides share its mode: what {@link FileDescriptor#pipe()} opens does not block, which few programs expect.
     *
     * @param number that in the program, from 3 to 255; a later call for the same number replaces it
     * @throws IllegalArgumentException if the number is another one
     */
    public Command descriptor(int number, FileDescriptor descriptor) {
        Objects.requireNonNull(descriptor, "descriptor");
        if (number < FIRST_DESCRIPTOR || number > MAX_DESCRIPTOR) {
            throw new IllegalArgumentException(
                    "number must be from " + FIRST_DESCRIPTOR + " to " + MAX_DESCRIPTOR + ", was " + number);
        }
        Map<Integer, FileDescriptor> more = new HashMap<>(values.descriptors);
        more.put(number, descriptor);
        return with(draft -> draft.descriptors = Map.copyOf(more));
    }

    /**
     * Sets the working directory of the program.
     *
     * @param directory checked when the program is started. Default: that of this JVM
     */
    public Command directory(Path directory) {
        Objects.requireNonNull(directory, "directory");
        return with(draft -> draft.directory = directory);
    }

    /**
     * Sets a variable of the environment.
     *
     * @param name not empty, without {@code =} and NUL
     * @param value without NUL
     * @throws IllegalArgumentException otherwise
     */
    public Command env(String name, String value) {
        Checks.variableName(name);
        Checks.noNul("value of " + name, value);
        return with(draft -> draft.environment.put(name, value));
    }

    /**
     * Removes a variable of the environment.
     *
     * @param name not empty, without {@code =} and NUL
     * @throws IllegalArgumentException otherwise
     */
    public Command unsetEnv(String name) {
        Checks.variableName(name);
        return with(draft -> draft.environment.put(name, null));
    }

    /**
     * Sets whether the program starts from an empty environment, in which only what {@link #env} sets is found.
     *
     * @param clear Default: false, it inherits the environment of this JVM
     */
    public Command clearEnv(boolean clear) {
        return with(draft -> draft.clearEnvironment = clear);
    }

    /**
     * Sets where its standard input comes from.
     *
     * @param input Default: {@link Input#empty()}
     */
    public Command stdin(Input input) {
        Objects.requireNonNull(input, "input");
        return with(draft -> draft.stdin = input);
    }

    /**
     * Sets where its standard output goes.
     *
     * @param output not {@link Output#merged()}. Default: {@link Output#pipe()}
     */
    public Command stdout(Output output) {
        if (output.isMerged()) {
            throw new IllegalArgumentException("stdout must not be Output.merged(), which is for stderr only");
        }
        return with(draft -> draft.stdout = output);
    }

    /**
     * Sets where its standard error goes.
     *
     * @param output Default: {@link Output#pipe()}
     */
    public Command stderr(Output output) {
        Objects.requireNonNull(output, "output");
        return with(draft -> draft.stderr = output);
    }

    /**
     * Limits how long the process may run. When it is over, the tree is ended as by
     * {@link ChildProcess#disposeGracefully()}.
     *
     * @param timeout positive, or zero for no limit. Default: no limit
     * @throws IllegalArgumentException if it is negative
     */
    public Command timeout(Duration timeout) {
        Checks.notNegative("timeout", timeout);
        return with(draft -> draft.timeout = timeout);
    }

    /**
     * Limits how long the process may write nothing to its piped outputs. When it is over, the tree is ended as by
     * {@link ChildProcess#disposeGracefully()}. A process that waits for its subscriber is not idle; one whose outputs
     * all go elsewhere has no such limit.
     *
     * @param idleTimeout positive, or zero for no limit. Default: no limit
     * @throws IllegalArgumentException if it is negative
     */
    public Command idleTimeout(Duration idleTimeout) {
        Checks.notNegative("idleTimeout", idleTimeout);
        return with(draft -> draft.idleTimeout = idleTimeout);
    }

    /**
     * Sets how long a process that was asked to end is waited for before it is killed.
     *
     * @param grace not negative; zero kills at once. Default: 5 seconds
     * @throws IllegalArgumentException if it is negative
     */
    public Command grace(Duration grace) {
        Checks.notNegative("grace", grace);
        return with(draft -> draft.grace = grace);
    }

    /**
     * Sets how long output is waited for when the process itself has ended, because another process may hold it open.
     * What the process itself has written is delivered in any case. Not used by {@link #spawn()}.
     *
     * @param drain not negative. Default: 2 seconds
     * @throws IllegalArgumentException if it is negative
     */
    public Command drain(Duration drain) {
        Checks.notNegative("drain", drain);
        return with(draft -> draft.drain = drain);
    }

    /**
     * Sets the signal by which a process is asked to end.
     *
     * @param signal Default: {@link Signal#TERM}
     */
    public Command killSignal(Signal signal) {
        Objects.requireNonNull(signal, "signal");
        return with(draft -> draft.killSignal = signal);
    }

    /**
     * Adds a signal to the graceful end: it is sent to those who are left after the grace of the one before it, as long as
     * the process itself is among them. {@code killSignal(INT).grace(seconds(2)).escalate(TERM, seconds(3))} asks by INT,
     * after two seconds by TERM, and after three more kills.
     *
     * @param signal sent after all those that were added before
     * @param grace how long it is given; not negative
     */
    public Command escalate(Signal signal, Duration grace) {
        Objects.requireNonNull(signal, "signal");
        Checks.notNegative("grace", grace);
        List<CommandDraft.Escalation> longer = new ArrayList<>(values.escalations);
        longer.add(new CommandDraft.Escalation(signal, grace));
        return with(draft -> draft.escalations = List.copyOf(longer));
    }

    /**
     * Sets whether cancelling {@link #exec()}, {@link #lines()}, {@link #output()} or {@link #events()}, or
     * {@link #spawn()} before it has emitted, ends the process as {@link ChildProcess#disposeGracefully()} does. But for
     * {@code spawn()}, what it writes meanwhile is read and dropped.
     *
     * @param gracefully Default: false, it is killed
     */
    public Command cancelGracefully(boolean gracefully) {
        return with(draft -> draft.cancelGracefully = gracefully);
    }

    /**
     * Limits how much {@link #exec()} collects. A program that writes more to stdout, or more to stderr, is killed and
     * {@link ExecException.Reason#MAX_BUFFER} tells. One of the two may have its own limit: {@link Output#maxBuffer(long)}.
     *
     * @param bytes for each of the two, positive. Default: 16 MiB
     */
    public Command maxBuffer(long bytes) {
        return maxBuffer(bytes, LongOutput.FAIL);
    }

    /**
     * Limits how much {@link #exec()} collects.
     *
     * @param bytes for stdout and for stderr, positive. Default: 16 MiB
     * @param policy what happens to more. Default: {@link LongOutput#FAIL}
     */
    public Command maxBuffer(long bytes, LongOutput policy) {
        return with(draft -> draft.rules = draft.rules.maxBuffer(bytes, policy));
    }

    /**
     * Sets what ends a line of {@link #lines()}, instead of LF and CRLF: {@code '\0'} for {@code find -print0},
     * {@code '\r'} for progress bars.
     *
     * @param delimiter one character, not part of the line
     */
    public Command delimiter(char delimiter) {
        return with(draft -> draft.rules = draft.rules.delimiter(delimiter));
    }

    /**
     * Limits how many programs run at a time: while the limit is reached, a start waits, with its time-outs not yet
     * begun. Room is made when a process and its output have ended. A {@link Pipeline} counts once, by the limit of its
     * first stage.
     *
     * @param limit shared with other commands. Default: none
     */
    public Command limit(ProcessLimit limit) {
        Objects.requireNonNull(limit, "limit");
        return with(draft -> draft.limit = limit);
    }

    /**
     * Limits the length of one line of {@link #lines()} and {@link #events()}. One of the outputs may have its own limit:
     * {@link Output#maxLine(int, LongLine)}.
     *
     * @param length in bytes without the line end, in characters for charsets other than UTF-8, US-ASCII and
     *     ISO-8859; positive. Default: 1,048,576
     * @param policy what happens to a longer line. Default: {@link LongLine#FAIL}
     */
    public Command maxLine(int length, LongLine policy) {
        return with(draft -> draft.rules = draft.rules.maxLine(length, policy));
    }

    /**
     * Sets how output is decoded to text. Malformed input becomes U+FFFD; a byte order mark is treated as the charset
     * says. One of the outputs may have its own: {@link Output#charset(Charset)}.
     *
     * @param charset Default: UTF-8
     */
    public Command charset(Charset charset) {
        return with(draft -> draft.rules = draft.rules.charset(charset));
    }

    /**
     * Sets the exit codes that count as success, instead of 0 alone: {@code exitCodes(0, 1)} for {@code grep}.
     *
     * @param accepted from 0 to 255
     */
    public Command exitCodes(int... accepted) {
        int[] codes = accepted.clone();
        return exitCodes(code -> IntStream.of(codes).anyMatch(each -> each == code));
    }

    /**
     * Sets the exit codes that count as success by a rule; {@code code -> true} accepts any end.
     *
     * @param accepted asked with {@link ExitStatus#code()}, more than once for an exit and on an event loop: pure and
     *     quick, must neither block nor throw
     */
    public Command exitCodes(IntPredicate accepted) {
        Objects.requireNonNull(accepted, "accepted");
        return with(draft -> draft.exitCodes = accepted);
    }

    /**
     * Sets whether the process is left alone when this JVM or the event loop that it was spawned on ends. It also leads a
     * session of its own, out of reach of the terminal: by the native engine, elsewhere by the program {@code setsid} where
     * that is installed. A file that is no program for this system is then told by the code 126 or 127, and not as an error.
     *
     * @param detached Default: false, it is killed with its descendants
     */
    public Command detached(boolean detached) {
        return with(draft -> draft.detached = detached);
    }

    /**
     * Lets another program read what this one writes to stdout, through a pipe of the system: no byte goes through this
     * JVM, but where there is no epoll, so that threads copy them. With {@link Output#merged()} it also reads what this one
     * writes to stderr.
     *
     * @param next its stdin has been left as it is by default
     * @throws IllegalArgumentException if {@code next} has another stdin, or {@link #stdout(Output)} is not a pipe
     */
    public Pipeline pipe(Command next) {
        return Pipeline.of(this).pipe(next);
    }

    /**
     * Runs the program to its end and collects what it writes.
     * <ul>
     *   <li><b>Signals on</b> the event loop that it is subscribed on, else on
     *       {@link reactor.core.scheduler.Schedulers#parallel()}.
     *   <li><b>Cancel</b> kills the process and its descendants.
     *   <li><b>Errors</b> with {@link SpawnException} if it cannot be started, with {@link ExecException} if its exit
     *       code is not accepted, a signal ended it, or a limit was exceeded; with the error of a stdin publisher.
     * </ul>
     * Node analogue: {@code execFile}, or {@code exec} for {@link #shell(String)}.
     *
     * @return a cold {@code Mono}, never empty
     * @throws IllegalArgumentException if {@link #stdin(Input)} is {@link Input#pipe()}, which is for {@link #spawn()}
     */
    public Mono<ExecResult> exec() {
        return Executions.exec(List.of(this), true)
                .map(result -> result.stages().get(0));
    }

    /**
     * Runs the program and streams the lines of its stdout. A line ends with LF or CRLF, which are not part of it; a
     * last line without an end counts, empty lines are kept. Errors and threads are those of {@link #exec()}, an exit
     * code that is not accepted is an {@link ExecException} after the last line.
     *
     * <p><b>Backpressure</b>: the lines of one chunk of up to 64 KiB are read ahead, those of four more where the pipe is
     * served by another thread; then the child waits for its subscriber. <b>Cancel</b> kills the process and its descendants.
     *
     * @return a cold {@code Flux}
     * @throws IllegalArgumentException if {@link #stdout(Output)} is not a pipe, or {@link #stdin(Input)} is
     *     {@link Input#pipe()}, which is for {@link #spawn()}
     */
    public Flux<String> lines() {
        return Executions.lines(List.of(this), true);
    }

    /**
     * Runs the program and streams the bytes of its stdout, in chunks of up to 64 KiB. Otherwise as {@link #lines()};
     * at most four chunks are read ahead.
     *
     * @return a cold {@code Flux}; its subscriber releases each buffer
     * @throws IllegalArgumentException if {@link #stdout(Output)} is not a pipe, or {@link #stdin(Input)} is
     *     {@link Input#pipe()}, which is for {@link #spawn()}
     */
    public Flux<ByteBuf> output() {
        return Executions.output(List.of(this), true);
    }

    /**
     * Lets the program transform a stream: {@code flux.transform(Command.of("gzip", "-c")::through)}. The same as
     * {@link #output()} with {@link Input#of(Publisher)}; demand for the output is what asks for input.
     *
     * @param input fed to its stdin; each buffer is released
     * @return a cold {@code Flux}; its subscriber releases each buffer
     */
    public Flux<ByteBuf> through(Publisher<? extends ByteBuf> input) {
        return stdin(Input.of(input)).output();
    }

    /**
     * Runs the program and streams what happens: its start, the lines of stdout and of stderr, its end. An end by any code or
     * signal is an event; only limits, time-outs and a stdin publisher that fails are errors, as of {@link #exec()}.
     * Threads, backpressure and cancel are those of {@link #lines()}, for both outputs.
     *
     * @return a cold {@code Flux}
     * @throws IllegalArgumentException if {@link #stdin(Input)} is {@link Input#pipe()}, which is for {@link #spawn()}
     */
    public Flux<ProcessEvent> events() {
        return Executions.events(this);
    }

    /**
     * Looks for the program's file where {@link #spawn()} will: on the path of this JVM, or from {@link #directory(Path)}
     * on. Signals as {@link #exec()}.
     *
     * @return a cold {@code Mono}, empty if there is none or it may not be executed
     */
    public Mono<Path> find() {
        return Homecoming.bring(
                Mono.defer(() -> Mono.justOrEmpty(Programs.find(this))).subscribeOn(Workers.LAUNCH));
    }

    /**
     * Starts the program.
     * <ul>
     *   <li><b>Signals on</b> the event loop that it is subscribed on, else on
     *       {@link reactor.core.scheduler.Schedulers#parallel()}.
     *   <li><b>Cancel</b> before the value is emitted ends the process as that of {@link #exec()} does; later, its
     *       holder disposes it.
     *   <li><b>Errors</b> with {@link SpawnException} if it cannot be started.
     * </ul>
     *
     * @return a cold {@code Mono} of the running process, never empty
     */
    public Mono<ChildProcess> spawn() {
        return Executions.spawn(List.of(this)).map(children -> children.get(0));
    }

    /** Forces an engine: for our tests, and those of users. */
    Command engine(Engine engine) {
        return with(draft -> draft.engine = engine);
    }

    /** Returns the program and its arguments, unmodifiable. */
    public List<String> line() {
        return values.line;
    }

    @Nullable
    String argv0() {
        return values.argv0;
    }

    Map<Integer, FileDescriptor> descriptors() {
        return values.descriptors;
    }

    @Nullable
    Path directory() {
        return values.directory;
    }

    /** What differs from the inherited environment; null means removed. */
    Map<String, @Nullable String> environment() {
        return values.environment;
    }

    boolean clearEnv() {
        return values.clearEnvironment;
    }

    Input stdin() {
        return values.stdin;
    }

    Output stdout() {
        return values.stdout;
    }

    Output stderr() {
        return values.stderr;
    }

    /** Returns the limit of {@link #timeout(Duration)}, zero if there is none. */
    public Duration timeout() {
        return values.timeout;
    }

    /** Returns the limit of {@link #idleTimeout(Duration)}, zero if there is none. */
    public Duration idleTimeout() {
        return values.idleTimeout;
    }

    /** Returns what {@link #grace(Duration)} was given. */
    public Duration grace() {
        return values.grace;
    }

    Duration drain() {
        return values.drain;
    }

    Signal killSignal() {
        return values.killSignal;
    }

    List<CommandDraft.Escalation> escalations() {
        return values.escalations;
    }

    boolean cancelGracefully() {
        return values.cancelGracefully;
    }

    @Nullable
    ProcessLimit limit() {
        return values.limit;
    }

    /** Returns the limit of {@link #maxBuffer(long)}, in bytes; that of one output alone is not in it. */
    public long maxBuffer() {
        return values.rules.maxBufferBytes();
    }

    OutputRules stdoutRules() {
        return values.stdout.over(values.rules.name("stdout"));
    }

    OutputRules stderrRules() {
        return values.stderr.over(values.rules.name("stderr"));
    }

    boolean accepts(ExitStatus status) {
        return values.exitCodes.test(status.code());
    }

    boolean detached() {
        return values.detached;
    }

    /** Marks a program that ends by itself when its channel to this JVM does. */
    Command endingWithChannel() {
        return with(draft -> draft.endsWithChannel = true);
    }

    boolean endsWithChannel() {
        return values.endsWithChannel;
    }

    @Nullable
    Engine forcedEngine() {
        return values.engine;
    }

    Engine engine() {
        return values.engine == null ? Engines.best() : values.engine;
    }

    /** Returns the line for people to read, each argument quoted where a shell would need it, secret ones as ***. */
    @Override
    public String toString() {
        return IntStream.range(0, values.line.size())
                .mapToObj(i -> values.secrets.get(i) ? "***" : Quoting.quoted(values.line.get(i)))
                .collect(Collectors.joining(" "));
    }
}
