// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEventLoop;
import io.spindle.loop.EventLoop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.ContextView;

/** Launches fake programs: it alone stands for the system, all else is what runs real ones. */
final class FakeEngine implements Engine {

    /** What a process is made of, but for its pipes. */
    record Start(FakeLoop loop, Scheduler scheduler, FakeProgram program, FakeCall call) {}

    private final FakePrograms programs;

    FakeEngine(FakePrograms programs) {
        this.programs = programs;
    }

    /** Returns the fake that the subscriber, or else the first command, asks for; null if these are to be run. */
    static @Nullable FakeEngine of(List<Command> stages, ContextView context) {
        if (context.hasKey(FakePrograms.class)) {
            return context.<FakePrograms>get(FakePrograms.class).engine();
        }
        return stages.get(0).forcedEngine() instanceof FakeEngine fake ? fake : null;
    }

    @Override
    public boolean canUse(IoEventLoop loop) {
        return false;
    }

    @Override
    public IoEventLoop loop(@Nullable EventLoop home) {
        return new FakeLoop(Schedulers.parallel());
    }

    @Override
    public Scheduler launcher() {
        return Schedulers.boundedElastic();
    }

    @Override
    public List<Launched> launch(List<Command> stages, IoEventLoop loop) throws LaunchException {
        FakeLoop fakeLoop = (FakeLoop) loop;
        List<Start> starts = new ArrayList<>(stages.size());
        for (Command command : stages) {
            starts.add(start(command, fakeLoop));
        }
        List<Launched> launched = new ArrayList<>(stages.size());
        FakePipe before = null;
        for (Start start : starts) {
            boolean last = launched.size() == starts.size() - 1;
            FakePipe stdout = new FakePipe(fakeLoop);
            launched.add(launched(start, before, stdout, last));
            before = stdout;
        }
        starts.forEach(start -> programs.called(start.call()));
        return launched;
    }

    private Start start(Command command, FakeLoop loop) throws LaunchException {
        FakeCall call = new FakeCall(command);
        FakeProgram program = programs.answer(call);
        if (program == null) {
            throw new LaunchException(
                    command, new IOException("error=2, these fake programs have no answer to " + command));
        }
        return new Start(loop, Schedulers.parallel(), program, call);
    }

    private static Launched launched(Start start, @Nullable FakePipe before, FakePipe stdout, boolean last) {
        Command command = start.call().command();
        FakeLoop loop = start.loop();
        FakePipe stdin = before == null ? new FakePipe(loop) : before;
        Publisher<? extends ByteBuf> publisher =
                before == null ? command.stdin().publisher(loop) : null;
        InputPipe input = publisher == null ? null : new FakeInputPipe(loop, publisher, stdin);
        stdin.record(start.call()::written);
        if (before == null && publisher == null) {
            stdin.end();
        }
        boolean read = !last || command.stdout().isPipe();
        FakePipe stderr = command.stderr().isPipe() ? new FakePipe(loop) : null;
        return new Launched(
                new FakeProcess(start, stdin, read ? stdout : null, stderr),
                input,
                last && read ? new FakeOutputPipe(loop, "stdout of " + command, stdout) : null,
                stderr == null ? null : new FakeOutputPipe(loop, "stderr of " + command, stderr));
    }

    @Override
    public String toString() {
        return "fake";
    }
}
