// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.spindle.process.ipc.Channel;
import java.util.Optional;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A child and its channel. */
record DefaultForkedProcess(DefaultChildProcess process, Channel channel) implements ForkedProcess {

    @Override
    public Command command() {
        return process.command();
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public Mono<ExitStatus> exit() {
        return process.exit();
    }

    @Override
    public Mono<ExitStatus> close() {
        return process.close()
                .flatMap(status -> channel.onDispose().onErrorComplete().thenReturn(status));
    }

    @Override
    public Optional<ExecException.Reason> exceededLimit() {
        return process.exceededLimit();
    }

    @Override
    public ChildInput stdin() {
        return process.stdin();
    }

    @Override
    public Flux<ByteBuf> stdout() {
        return process.stdout();
    }

    @Override
    public Flux<ByteBuf> stderr() {
        return process.stderr();
    }

    @Override
    public ForkedProcess ref() {
        process.ref();
        return this;
    }

    @Override
    public ForkedProcess unref() {
        process.unref();
        return this;
    }

    @Override
    public boolean hasRef() {
        return process.hasRef();
    }

    @Override
    public boolean kill(Signal signal) {
        return process.kill(signal);
    }

    @Override
    public Mono<ExitStatus> disposeGracefully() {
        return process.disposeGracefully();
    }

    @Override
    public void dispose() {
        process.dispose(channel::dispose);
    }

    @Override
    public boolean isDisposed() {
        return process.isDisposed();
    }

    @Override
    public String toString() {
        return "ForkedProcess[pid " + pid() + ", " + command() + "]";
    }
}
