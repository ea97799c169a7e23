// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.MessageSizeEstimator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelConfig;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.socket.SocketChannelConfig;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** The options of a {@link HandedChannel}. Those of Netty for a TCP socket have no public constructor. */
@SuppressWarnings("deprecation") // the interface asks for its old methods too
final class HandedConfig extends EpollChannelConfig implements SocketChannelConfig {

    private static final int TCP = 6; // IPPROTO_TCP, and the numbers of linux/tcp.h
    private static final int KEEPIDLE = 4;
    private static final int KEEPINTVL = 5;
    private static final int KEEPCNT = 6;
    private static final int USER_TIMEOUT = 18;
    private static final Map<ChannelOption<?>, Access<?>> OPTIONS = Map.ofEntries(
            entry(ChannelOption.SO_RCVBUF, LinuxSocket::getReceiveBufferSize, LinuxSocket::setReceiveBufferSize),
            entry(ChannelOption.SO_SNDBUF, LinuxSocket::getSendBufferSize, LinuxSocket::setSendBufferSize),
            entry(ChannelOption.TCP_NODELAY, LinuxSocket::isTcpNoDelay, LinuxSocket::setTcpNoDelay),
            entry(ChannelOption.SO_KEEPALIVE, LinuxSocket::isKeepAlive, LinuxSocket::setKeepAlive),
            entry(ChannelOption.SO_REUSEADDR, LinuxSocket::isReuseAddress, LinuxSocket::setReuseAddress),
            entry(ChannelOption.SO_LINGER, LinuxSocket::getSoLinger, LinuxSocket::setSoLinger),
            entry(ChannelOption.IP_TOS, LinuxSocket::getTrafficClass, LinuxSocket::setTrafficClass),
            tcp(EpollChannelOption.TCP_KEEPIDLE, KEEPIDLE),
            tcp(EpollChannelOption.TCP_KEEPINTVL, KEEPINTVL),
            tcp(EpollChannelOption.TCP_KEEPCNT, KEEPCNT),
            tcp(EpollChannelOption.TCP_USER_TIMEOUT, USER_TIMEOUT));

    private final LinuxSocket socket;
    private volatile boolean allowHalfClosure;

    private interface Getter<T> {
        T get(LinuxSocket socket) throws IOException;
    }

    private interface Setter<T> {
        void set(LinuxSocket socket, T value) throws IOException;
    }

    /** How an option reaches the socket. */
    private record Access<T>(Getter<T> getter, Setter<T> setter) {}

    HandedConfig(HandedChannel channel) {
        super(channel);
        this.socket = channel.socket();
        setTcpNoDelay(true); // as Netty does
    }

    private static <T> Map.Entry<ChannelOption<?>, Access<?>> entry(
            ChannelOption<T> option, Getter<T> getter, Setter<T> setter) {
        return Map.entry(option, new Access<>(getter, setter));
    }

    private static Map.Entry<ChannelOption<?>, Access<?>> tcp(ChannelOption<Integer> option, int number) {
        return entry(
                option,
                socket -> socket.getIntOpt(TCP, number),
                (socket, value) -> socket.setIntOpt(TCP, number, value));
    }

    @SuppressWarnings("unchecked") // an option is entered with an access of its own type
    private static <T> Access<T> access(ChannelOption<T> option) {
        return (Access<T>) Objects.requireNonNull(OPTIONS.get(option), "an option of TCP");
    }

    private <T> T read(ChannelOption<T> option) {
        try {
            return access(option).getter.get(socket);
        } catch (IOException e) {
            throw new ChannelException(e);
        }
    }

    private <T> HandedConfig write(ChannelOption<T> option, T value) {
        try {
            access(option).setter.set(socket, value);
            return this;
        } catch (IOException e) {
            throw new ChannelException(e);
        }
    }

    @Override
    public Map<ChannelOption<?>, Object> getOptions() {
        Map<ChannelOption<?>, Object> all = new HashMap<>(super.getOptions());
        OPTIONS.keySet().forEach(option -> all.put(option, read(option)));
        all.put(ChannelOption.ALLOW_HALF_CLOSURE, allowHalfClosure);
        return all;
    }

    @Override
    @SuppressWarnings("unchecked") // the type of this option is Boolean
    public <T> T getOption(ChannelOption<T> option) {
        if (option.equals(ChannelOption.ALLOW_HALF_CLOSURE)) {
            return (T) Boolean.valueOf(allowHalfClosure);
        }
        return OPTIONS.containsKey(option) ? read(option) : super.getOption(option);
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
        validate(option, value);
        if (option.equals(ChannelOption.ALLOW_HALF_CLOSURE)) {
            allowHalfClosure = (Boolean) value;
        } else if (OPTIONS.containsKey(option)) {
            write(option, value);
        } else {
            return super.setOption(option, value);
        }
        return true;
    }

    @Override
    public boolean isTcpNoDelay() {
        return read(ChannelOption.TCP_NODELAY);
    }

    @Override
    public HandedConfig setTcpNoDelay(boolean value) {
        return write(ChannelOption.TCP_NODELAY, value);
    }

    @Override
    public int getSoLinger() {
        return read(ChannelOption.SO_LINGER);
    }

    @Override
    public HandedConfig setSoLinger(int value) {
        return write(ChannelOption.SO_LINGER, value);
    }

    @Override
    public int getSendBufferSize() {
        return read(ChannelOption.SO_SNDBUF);
    }

    @Override
    public HandedConfig setSendBufferSize(int value) {
        return write(ChannelOption.SO_SNDBUF, value);
    }

    @Override
    public int getReceiveBufferSize() {
        return read(ChannelOption.SO_RCVBUF);
    }

    @Override
    public HandedConfig setReceiveBufferSize(int value) {
        return write(ChannelOption.SO_RCVBUF, value);
    }

    @Override
    public boolean isKeepAlive() {
        return read(ChannelOption.SO_KEEPALIVE);
    }

    @Override
    public HandedConfig setKeepAlive(boolean value) {
        return write(ChannelOption.SO_KEEPALIVE, value);
    }

    @Override
    public int getTrafficClass() {
        return read(ChannelOption.IP_TOS);
    }

    @Override
    public HandedConfig setTrafficClass(int value) {
        return write(ChannelOption.IP_TOS, value);
    }

    @Override
    public boolean isReuseAddress() {
        return read(ChannelOption.SO_REUSEADDR);
    }

    @Override
    public HandedConfig setReuseAddress(boolean value) {
        return write(ChannelOption.SO_REUSEADDR, value);
    }

    @Override
    public boolean isAllowHalfClosure() {
        return allowHalfClosure;
    }

    @Override
    public HandedConfig setAllowHalfClosure(boolean value) {
        allowHalfClosure = value;
        return this;
    }

    @Override
    public HandedConfig setPerformancePreferences(int connectionTime, int latency, int bandwidth) {
        return this;
    }

    @Override
    public HandedConfig setConnectTimeoutMillis(int value) {
        super.setConnectTimeoutMillis(value);
        return this;
    }

    @Override
    public HandedConfig setMaxMessagesPerRead(int value) {
        super.setMaxMessagesPerRead(value);
        return this;
    }

    @Override
    public HandedConfig setWriteSpinCount(int value) {
        super.setWriteSpinCount(value);
        return this;
    }

    @Override
    public HandedConfig setAllocator(ByteBufAllocator value) {
        super.setAllocator(value);
        return this;
    }

    @Override
    public HandedConfig setRecvByteBufAllocator(RecvByteBufAllocator value) {
        super.setRecvByteBufAllocator(value);
        return this;
    }

    @Override
    public HandedConfig setAutoRead(boolean value) {
        super.setAutoRead(value);
        return this;
    }

    @Override
    public HandedConfig setAutoClose(boolean value) {
        super.setAutoClose(value);
        return this;
    }

    @Override
    public HandedConfig setMessageSizeEstimator(MessageSizeEstimator value) {
        super.setMessageSizeEstimator(value);
        return this;
    }

    @Override
    public HandedConfig setWriteBufferHighWaterMark(int value) {
        super.setWriteBufferHighWaterMark(value);
        return this;
    }

    @Override
    public HandedConfig setWriteBufferLowWaterMark(int value) {
        super.setWriteBufferLowWaterMark(value);
        return this;
    }

    @Override
    public HandedConfig setWriteBufferWaterMark(WriteBufferWaterMark value) {
        super.setWriteBufferWaterMark(value);
        return this;
    }
}
