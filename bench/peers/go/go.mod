module kubevigil/bench/peers

go 1.19

require github.com/valyala/fastjson v1.6.4
