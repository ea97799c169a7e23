// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * Programs that are not run, for tests of code that runs programs. What they do is described by {@link FakeProgram};
 * all else, limits and time-outs, errors, demand and threads, is that of real ones. In
 * {@code StepVerifier.withVirtualTime} their delays and the command's time-outs pass in virtual time.
 *
 * <pre>
 *   FakePrograms programs = FakePrograms.create().on("git", FakeProgram.create().stdout("one\ntwo\n"));
 *   StepVerifier.create(history.subjects().contextWrite(programs::writeTo)) …
 * </pre>
 * Either the code under test is left as it is and its subscriber carries the fakes in the Reactor Context, as above; or it
 * takes a {@link Command} to which it adds arguments, and the test hands it {@link #command(String, String...)}. Nothing
 * is global, so tests may run side by side. A program without an answer cannot be started:
 * {@link SpawnException.Reason#PROGRAM_MISSING}. No file is read or written: {@link Input#file} and {@link Input#inherit} are
 * empty, what goes to {@link Output#file} and the like is dropped.
 *
 * <p>Thread-safe.
 *
 * @since 0.1.0
 */
public final class FakePrograms {

    private final FakeEngine engine = new FakeEngine(this);
    private final Map<String, Function<FakeCall, FakeProgram>> answers = new ConcurrentHashMap<>();
    private final List<FakeCall> calls = new CopyOnWriteArrayList<>();

    private FakePrograms() {}

    /** Returns a set of programs that is empty. */
    public static FakePrograms create() {
        return new FakePrograms();
    }

    /**
     * Says what a program does, instead of what was said before.
     *
     * @param program as given to {@link Command#of(String, String...)}, not looked for on a path
     * @param answer whatever the arguments
     * @return this
     */
    public FakePrograms on(String program, FakeProgram answer) {
        Objects.requireNonNull(answer, "answer");
        return on(program, call -> answer);
    }

    /**
     * Says what a program does, by its arguments, instead of what was said before.
     *
     * @param program as given to {@link Command#of(String, String...)}, not looked for on a path
     * @param answer called at each start, when nothing has been written to stdin; may block, and what it throws is the
     *     error of the start
     * @return this
     */
    public FakePrograms on(String program, Function<FakeCall, FakeProgram> answer) {
        Objects.requireNonNull(program, "program");
        answers.put(program, Objects.requireNonNull(answer, "answer"));
        return this;
    }

    /**
     * Describes a program that is one of these, whoever runs it; so is a pipeline that begins with it.
     *
     * @param program as for {@link Command#of(String, String...)}
     * @param args handed over as they are
     */
    public Command command(String program, String... args) {
        return Command.of(program, args).engine(engine);
    }

    /**
     * Makes the commands that are run upstream use these: {@code contextWrite(programs::writeTo)}.
     *
     * @param context that of the subscriber
     * @return with these in it
     */
    public Context writeTo(Context context) {
        return context.put(FakePrograms.class, this);
    }

    /** Returns what was started, the first one first; of a pipeline each stage. */
    public List<FakeCall> calls() {
        return List.copyOf(calls);
    }

    FakeEngine engine() {
        return engine;
    }

    @Nullable
    FakeProgram answer(FakeCall call) {
        Function<FakeCall, FakeProgram> answer =
                answers.get(call.command().line().get(0));
        return answer == null ? null : Objects.requireNonNull(answer.apply(call), "answer");
    }

    void called(FakeCall call) {
        calls.add(call);
    }
}
