// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.ServerChannelRecvByteBufAllocator;
import io.netty.util.NetUtil;
import java.util.Map;

/** The options of a server on a Unix-domain socket of the primary, to whom the backlog goes with the first bind. */
final class SharedDomainConfig extends DefaultChannelConfig {

    private volatile int backlog = NetUtil.SOMAXCONN;

    SharedDomainConfig(SharedDomainChannel channel) {
        super(channel, new ServerChannelRecvByteBufAllocator());
    }

    int backlog() {
        return backlog;
    }

    @Override
    public Map<ChannelOption<?>, Object> getOptions() {
        return getOptions(super.getOptions(), ChannelOption.SO_BACKLOG);
    }

    @Override
    @SuppressWarnings("unchecked") // the type of this option is Integer
    public <T> T getOption(ChannelOption<T> option) {
        return option.equals(ChannelOption.SO_BACKLOG) ? (T) Integer.valueOf(backlog) : super.getOption(option);
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
        validate(option, value);
        if (option.equals(ChannelOption.SO_BACKLOG)) {
            backlog = (Integer) value;
            return true;
        }
        return super.setOption(option, value);
    }
}
